// Files of requirements, as pip and uv read them.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Files in the form of
/// [requirements.txt](https://pip.pypa.io/en/stable/reference/requirements-file-format/).
///
/// The installer reads them; what is read here tells whether they have changed.
enum RequirementsFile {
    /// The contents of files and of those that they name, each once, and what changes with the local
    /// sources among their requirements.
    static func contents(of paths: [String]) -> [String] {
        var seen: Set<String> = []
        let files = paths.flatMap { contents(of: $0, following: included + limiting, &seen) }
        return files.flatMap { [$0.text] + sources(in: $0.text, $0.folder) }
    }

    private static let included = ["--requirement", "-r"]
    private static let limiting = ["--constraint", "-c"]

    /// The requirements of files and of those that they name, without options.
    static func requirements(of paths: [String]) -> [String] {
        // An option of one requirement, such as a digest, is after it.
        var seen: Set<String> = []
        let texts = paths.flatMap { contents(of: $0, following: included, &seen) }
        return texts.flatMap { lines(of: $0.text) }.filter { !$0.hasPrefix("-") }.map { line in
            String(line[..<(line.firstRange(of: " --")?.lowerBound ?? line.endIndex)]).trimmed
        }
    }

    /// Refuses a file that is not there.
    ///
    /// - Throws: `EnvironmentError` with `invalidRequirement`.
    static func check(_ paths: [String]) throws {
        for path in paths where FileManager.default.contents(atPath: path) == nil {
            throw EnvironmentError(
                .invalidRequirement,
                "\(path): there is no such file of requirements, or it cannot be read",
                remedy: "Name a file with a requirement such as \"name>=1.2\" on each line."
            )
        }
    }

    /// The lines without comments; a backslash at the end joins one to the next, as pip does it.
    static func lines(of text: String) -> [String] {
        var lines: [String] = []
        var start = ""
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            // A comment ends a line that was continued.
            let isComment = line.trimmed.hasPrefix("#")
            if !isComment, line.hasSuffix("\\") {
                start += line.dropLast()
                continue
            }
            lines.append(start + (isComment ? " \(line)" : line))
            start = ""
        }
        lines.append(start)
        return lines.map { line in
            guard !line.hasPrefix("#") else { return "" }
            let end = [" #", "\t#"].compactMap { line.firstRange(of: $0)?.lowerBound }.min()
            return line[..<(end ?? line.endIndex)].trimmed
        }
        .filter { !$0.isEmpty }
    }

    /// What changes with the local sources that a file names.
    ///
    /// pip looks for them from the current folder, uv from that of the file.
    private static func sources(in text: String, _ folder: URL) -> [String] {
        let paths = lines(of: text).filter { !$0.hasPrefix("-") }.compactMap(LocalSource.path)
        return paths.flatMap { path in
            [folder, nil].map { LocalSource.name(of: URL(filePath: path, relativeTo: $0)) }
        }
    }

    private static func contents(
        of path: String,
        following options: [String],
        _ seen: inout Set<String>
    ) -> [(text: String, folder: URL)] {
        let file = URL(filePath: path).standardizedFileURL
        guard seen.insert(file.path).inserted,
            let data = FileManager.default.contents(atPath: file.path)
        else { return [] }
        let text = String(decoding: data, as: UTF8.self)
        let folder = file.deletingLastPathComponent()
        let others = lines(of: text).compactMap { line -> String? in
            guard let option = options.first(where: line.hasPrefix) else { return nil }
            let name = line.dropFirst(option.count).drop { $0 == "=" || $0 == " " || $0 == "\t" }
                .prefix { !$0.isWhitespace }
                .filter { $0 != "\"" && $0 != "'" }
            return URL(filePath: String(name), relativeTo: folder).path
        }
        return [(text, folder)] + others.flatMap { contents(of: $0, following: options, &seen) }
    }
}
