// What a virtual environment must hold, and the key that names it.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The packages that a program wants, and the interpreter that will run them.
///
/// ```swift
/// let request = EnvironmentRequest(
///     requirements: ["openai>=3", "pluggy"],
///     interpreter: PythonInterpreterInfo(path: "/usr/bin/python3", version: "3.11.2"))
/// ```
public struct EnvironmentRequest: Sendable, Hashable {
    /// Requirements as PEP 508 writes them, URLs and local paths included.
    public var requirements: [String]

    /// The interpreter that the environment is made with.
    public var interpreter: PythonInterpreterInfo

    /// Raised when environments made by an earlier version can't be used any more.
    static let format = 2

    /// Creates a request; nothing is looked up.
    public init(requirements: [String], interpreter: PythonInterpreterInfo) {
        self.requirements = requirements
        self.interpreter = interpreter
    }

    /// The name of this request's folder in the cache: equal for requests that mean the same.
    var key: String {
        let parts =
            ["amaru environment \(Self.format)", interpreter.path, interpreter.version]
            + Self.normalised(requirements)
        return String(SHA256.hex(parts.joined(separator: "\n").utf8).prefix(32))
    }

    /// Sorts requirements, drops blanks and duplicates, and gives each name its one spelling.
    static func normalised(_ requirements: [String]) -> [String] {
        Set(requirements.map(normalised).filter { !$0.isEmpty }).sorted()
    }

    /// Checks that no requirement would be read as an option of the installer.
    ///
    /// Requirements come from scripts; `--index-url=…` among them would install from anywhere.
    func validate() throws {
        for requirement in requirements {
            let text = requirement.trimmed
            let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
            guard !text.hasPrefix("-"), isPlain else {
                throw EnvironmentError(
                    .invalidRequirement,
                    "\(text.debugDescription) is not a requirement",
                    remedy: "Write a package as in \"name>=1.2\", or its URL or path; options of "
                        + "the installer belong in its own configuration."
                )
            }
        }
    }

    /// Where a requirement's name ends, see PEP 508.
    private static func normalised(_ requirement: String) -> String {
        let text = requirement.trimmed
        if text.hasPrefix(".") || text.hasPrefix("/") {
            // A relative path means another package in another folder.
            return URL(filePath: text).standardizedFileURL.path
        }
        let name = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        let rest = text.dropFirst(name.count)
        if rest.hasPrefix("://") || rest.hasPrefix("+") || rest.hasPrefix("/") { return text }
        let canonical = name.lowercased().split { "._-".contains($0) }.joined(separator: "-")
        // Blanks count in a URL and in a marker; before them they don't.
        let specifier = rest.prefix { $0 != ";" && $0 != "@" }
        let tail = rest.dropFirst(specifier.count).trimmed
        return canonical + specifier.filter { !$0.isWhitespace } + tail
    }
}

extension StringProtocol {
    /// The text without white space at its ends.
    var trimmed: String {
        let start = drop(while: \.isWhitespace)
        let end = start.lastIndex { !$0.isWhitespace }
        return end.map { String(start[...$0]) } ?? ""
    }
}
