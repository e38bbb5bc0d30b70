// Where packages are looked for.
// SPDX-License-Identifier: Apache-2.0

/// Package indexes beside those that the user has configured.
public struct PackageIndexes: Sendable, Hashable, Codable {
    /// The base URL of the index that takes the place of the configured one; nil to keep that.
    public var main: String?
    /// The base URLs of further ones.
    public var extra: [String] = []

    /// Creates a description; without anything in it, nothing changes.
    public init(main: String? = nil, extra: [String] = []) {
        self.main = main
        self.extra = extra
    }

    /// The URLs, in a form that tells the main one from the others.
    var key: [String] { [main ?? ""] + extra }

    /// The options of pip, and of uv in its place.
    var options: [String] {
        (main.map { ["--index-url", $0] } ?? []) + extra.flatMap { ["--extra-index-url", $0] }
    }

    /// Refuses what is not the URL of a server, and so may be an option.
    ///
    /// - Throws: `EnvironmentError` with `invalidRequirement`.
    func validate() throws {
        for url in [main].compactMap(\.self) + extra
        where !url.hasPrefix("https://") && !url.hasPrefix("http://") {
            throw EnvironmentError(
                .invalidRequirement,
                "\(url.debugDescription) is not the address of a package index",
                remedy: "Write it as \"https://…\"."
            )
        }
    }
}
