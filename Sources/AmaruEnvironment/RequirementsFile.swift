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
    /// The contents of files and of those that they name, each once.
    static func contents(of paths: [String]) -> [String] {
        var seen: Set<String> = []
        return paths.flatMap { contents(of: $0, &seen) }
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

    private static func contents(of path: String, _ seen: inout Set<String>) -> [String] {
        let file = URL(filePath: path).standardizedFileURL
        guard seen.insert(file.path).inserted,
            let data = FileManager.default.contents(atPath: file.path)
        else { return [] }
        let text = String(decoding: data, as: UTF8.self)
        let folder = file.deletingLastPathComponent()
        let others = text.split(whereSeparator: \.isNewline).compactMap { line -> String? in
            let options = ["--requirement", "--constraint", "-r", "-c"]
            guard let option = options.first(where: line.hasPrefix) else { return nil }
            let name = line.dropFirst(option.count).drop { $0 == "=" || $0 == " " || $0 == "\t" }
                .prefix { !$0.isWhitespace }
                .filter { $0 != "\"" && $0 != "'" }
            return URL(filePath: String(name), relativeTo: folder).path
        }
        return [text] + others.flatMap { contents(of: $0, &seen) }
    }
}
