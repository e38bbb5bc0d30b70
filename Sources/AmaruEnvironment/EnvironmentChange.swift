// One step from an environment to the next: what a program installs while it runs.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Packages that are added to an environment, or taken out of it.
///
/// Environments never change once they are complete: a change leads to another one, whose name is
/// made from that of its base and from the change. A program that makes the same changes again
/// finds the same environments, and starts no installer.
public struct EnvironmentChange: Sendable, Hashable, Codable {
    /// The folder of the environment that is changed; empty for one without packages.
    public var base = ""
    /// Requirements in the form of PEP 508, among them URLs of wheels.
    public var requirements: [String] = []
    /// Files that the installer gets in place of requirements, such as wheels that were fetched.
    public var files: [String: String] = [:]
    /// Requirements that limit versions, and install nothing.
    public var constraints: [String] = []
    /// Where packages are looked for.
    public var indexes = PackageIndexes()
    /// Whether dependencies are installed, too.
    public var dependencies = true
    /// Whether versions before a release are taken.
    public var prereleases = false
    /// Whether what is installed already is replaced.
    public var reinstalls = false
    /// The names of packages to remove.
    public var removals: [String] = []
    /// Files below `site-packages` with their contents: packages that stand in for others.
    public var stands: [String: String] = [:]

    /// Creates a change that changes nothing.
    public init() {}

    /// The name of the environment that the change leads to.
    func key(_ interpreter: PythonInterpreterInfo) -> String {
        let flags = [dependencies, prereleases, reinstalls].map { $0 ? "1" : "0" }.joined()
        return CacheKey.make(
            "amaru change 4",
            with: interpreter,
            [
                [base, flags], requirements, constraints, indexes.key, removals,
                stands.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] },
            ]
        )
    }

    /// Refuses what the installer would read as options, and files elsewhere.
    ///
    /// - Throws: `EnvironmentError` with `invalidRequirement`.
    func validate(_ interpreter: PythonInterpreterInfo) throws {
        let texts = requirements + constraints + removals
        try EnvironmentRequest(requirements: texts, interpreter: interpreter).validate()
        try indexes.validate()
        for path in stands.keys
        where path.hasPrefix("/") || path.split(separator: "/").contains("..") {
            throw EnvironmentError(
                .invalidRequirement,
                "\(path.debugDescription) is not a file below site-packages",
                remedy: "Write it as a relative path."
            )
        }
    }
}
