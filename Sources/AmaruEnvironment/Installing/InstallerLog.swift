// The log of pip, which holds what pip does not say.
// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// The end of pip's log.
struct InstallerLog {
    /// What is read of the file.
    private static let bound = 1 << 20

    private let lines: [Substring]
    /// Whether the file has more, before what was read.
    private let isCut: Bool

    /// Reads the end of a file; one that cannot be read counts as empty.
    init(at path: String) {
        guard let file = try? Descriptor(opening: path, .readOnly) else {
            (lines, isCut) = ([], false)
            return
        }
        // Fails for a shorter file, which is read from its start.
        let end = try? FileDescriptor(rawValue: file.number)
            .seek(offset: -Int64(Self.bound), from: .end)
        isCut = end.map { $0 > 0 } ?? false
        let bytes = (try? PosixCall.readAll(file.number, atMost: Self.bound)) ?? []
        lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }

    /// The last answers of indexes that were no pages of theirs.
    var answers: [String] {
        lines.compactMap { line in
            line.firstRange(of: "Could not fetch URL").map { String(line[$0.lowerBound...]) }
        }
        .suffix(4)
    }

    /// What the last program that failed wrote, such as a build, below a line that names it.
    ///
    /// With a log, pip shows nothing of it but "See above for output".
    var failedProgram: [String] {
        var package = ""
        // Of a long output the beginning is missing, and its line that names the program.
        var (running, failed): ([String]?, [String]) = (isCut ? ["…"] : nil, [])
        var traceback = TracebackFilter()
        for line in lines {
            // Each line begins with the time.
            let text = line.drop { $0 != " " }
            let said = text.trimmed
            if said.hasPrefix("Added "), said.contains(" to build tracker ") {
                package = said.split(separator: " ")[1] + ": "
            } else if said.hasPrefix("Running command ") {
                running = [package + said.dropFirst("Running command ".count)]
            } else if said.hasPrefix("ERROR: "), said.contains(" exited with ") {
                // Such as -9, of a program that was killed and could say nothing.
                failed = running.map { $0 + [String(said.dropFirst("ERROR: ".count))] } ?? failed
                running = nil
            } else if !traceback.drops(text) {
                running?.append(String(text))
            }
        }
        return failed
    }
}

/// Leaves out the frames of Python's tracebacks, which hide what is said above them.
struct TracebackFilter {
    /// The indentation of the traceback that is under way.
    private var start: Int?

    /// Whether the next line is a traceback's first one, or one of its frames.
    mutating func drops(_ line: some StringProtocol) -> Bool {
        let indentation = line.prefix { $0 == " " }.count
        if let start, indentation > start { return true }
        let heading = "Traceback (most recent call last):"
        start = line.hasSuffix(heading) ? indentation : nil
        return start == indentation && line.count == indentation + heading.count
    }
}
