// The contents of a virtual environment, and the key that names it.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The packages that a program needs, and the interpreter that will run them.
///
/// ```swift
/// let request = EnvironmentRequest(
///     requirements: ["openai>=3", "pluggy"],
///     interpreter: PythonInterpreterInfo(path: "/usr/bin/python3", version: "3.11.2"))
/// ```
public struct EnvironmentRequest: Sendable, Hashable {
    /// Requirements in the form of PEP 508, URLs and local paths included.
    public var requirements: [String]

    /// The interpreter that the environment is made with.
    public var interpreter: PythonInterpreterInfo

    /// Paths of files with further requirements, in the form of `requirements.txt`.
    public var requirementFiles: [String] = []

    /// Where packages are looked for.
    public var indexes = PackageIndexes()

    /// Which versions may be chosen.
    public var limits = ResolutionLimits()

    /// The versions of Python that the packages should be for, as a lock notes them.
    public var requiresPython: String?

    /// Whether the request names no package.
    public var isEmpty: Bool { texts.isEmpty && requirementFiles.isEmpty }

    /// The version of the cache's format: increased when older environments can't be used any more.
    static let format = 5

    /// Creates a request; does not check the file system or the requirements.
    public init(requirements: [String], interpreter: PythonInterpreterInfo) {
        self.requirements = requirements
        self.interpreter = interpreter
    }

    /// Creates a request for what a script or a project names, and for files beside it.
    public init(
        _ needs: ScriptMetadata,
        files: [String] = [],
        interpreter: PythonInterpreterInfo
    ) {
        self.init(requirements: needs.dependencies, interpreter: interpreter)
        requirementFiles = files
        indexes = needs.indexes
        limits = needs.limits
        requiresPython = needs.requiresPython
    }

    /// The requirements as the installer gets them.
    var texts: [String] { requirements.map(\.trimmed).filter { !$0.isEmpty } }

    /// The requirements in one spelling and order.
    var named: [String] {
        Set(requirements.map(Self.normalized).filter { !$0.isEmpty }).sorted()
    }

    /// The name of this request's folder in the cache, equal for requests that mean the same.
    var key: String {
        CacheKey.make(
            "amaru environment \(Self.format)",
            with: interpreter,
            [named, RequirementsFile.contents(of: requirementFiles), indexes.key, limits.key]
        )
    }

    /// Refuses requirements that the installer would read as options.
    ///
    /// Requirements come from scripts; `--index-url=…` among them would install from any server.
    ///
    /// - Throws: `EnvironmentError` with `invalidRequirement`.
    func validate() throws {
        try indexes.validate()
        try RequirementsFile.check(requirementFiles)
        for requirement in requirements + limits.constraints {
            let text = requirement.trimmed
            // Installers split lines at the last two.
            let isPlain = text.unicodeScalars.allSatisfy { scalar in
                scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value)
                    && scalar.value != 0x2028 && scalar.value != 0x2029
            }
            guard !text.hasPrefix("-"), !text.isEmpty, isPlain else {
                throw EnvironmentError(
                    .invalidRequirement,
                    "\(text.debugDescription) is not a requirement",
                    remedy: "Write a package as in \"name>=1.2\", or its URL or path. Options "
                        + "for the installer belong in its own configuration."
                )
            }
        }
    }

    /// Normalizes one requirement; its name ends as PEP 508 says.
    private static func normalized(_ requirement: String) -> String {
        let text = requirement.trimmed
        // In another folder, a relative path names another package; changed, another one.
        if let path = LocalSource.path(in: text) {
            return text + LocalSource.name(of: URL(filePath: path).standardizedFileURL)
        }
        let name = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        let rest = text.dropFirst(name.count)
        if rest.hasPrefix("://") || rest.hasPrefix("+") || rest.hasPrefix("/") { return text }
        let canonical = name.lowercased().split { "._-".contains($0) }.joined(separator: "-")
        // Blanks matter in a URL and in a marker, but not before them.
        let specifier = rest.prefix { $0 != ";" && $0 != "@" }
        let tail = rest.dropFirst(specifier.count).trimmed
        // A blank inside a name, an operator or a version is a fault, which must not be hidden.
        var (spelled, last) = (canonical, name.last)
        for part in specifier.split(whereSeparator: \.isWhitespace) {
            let isInside = Self.isOnePart(last, part.first)
            spelled += (isInside && specifier.startIndex != part.startIndex ? " " : "") + part
            last = part.last
        }
        return spelled + tail
    }

    private static func isOnePart(_ one: Character?, _ other: Character?) -> Bool {
        guard let one, let other, !"[](),".contains(one), !"[](),".contains(other) else {
            return false
        }
        // The one that belongs to both: "!=1" and "1!2".
        return one == "!" || other == "!" || "<>=~".contains(one) == "<>=~".contains(other)
    }
}

extension StringProtocol {
    /// The text without white space at its ends.
    package var trimmed: String {
        let start = drop(while: \.isWhitespace)
        let end = start.lastIndex { !$0.isWhitespace }
        return end.map { String(start[...$0]) } ?? ""
    }
}
