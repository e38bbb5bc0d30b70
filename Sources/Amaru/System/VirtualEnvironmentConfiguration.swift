// What a virtual environment's `pyvenv.cfg` says.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The contents of a `pyvenv.cfg`.
///
/// https://docs.python.org/3/library/site.html and PEP 405 describe the file.
package struct VirtualEnvironmentConfiguration: Sendable {
    /// The file's name, in the root of the environment.
    package static let fileName = "pyvenv.cfg"

    /// The folder of the base interpreter.
    package let home: String

    /// The base interpreter's full version, such as `3.11.2`.
    package let version: String

    /// Reads the file of the environment at `root`; nil if it is missing or names no interpreter.
    package init?(root: String) {
        guard let data = FileManager.default.contents(atPath: "\(root)/\(Self.fileName)") else {
            return nil
        }
        self.init(text: String(decoding: data, as: UTF8.self))
    }

    /// Reads the text of a file; nil if it names no interpreter.
    package init?(text: String) {
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let sign = line.firstIndex(of: "=") else { continue }
            let key = Self.trimmed(line[..<sign]).lowercased()
            values[key] = Self.trimmed(line[line.index(after: sign)...])
        }
        // venv writes `version = 3.11.2`; uv and virtualenv write `version_info`, as
        // `3.11.2.final.0` or `3.11.2`.
        guard let home = values["home"], let version = values["version_info"] ?? values["version"]
        else { return nil }
        self.home = home
        self.version = version.split(separator: ".").prefix(3).joined(separator: ".")
    }

    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop { $0.isWhitespace }
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...end])
    }
}
