// Which versions a resolver may choose, beside what requirements say.
// SPDX-License-Identifier: Apache-2.0

/// Limits on the versions that are chosen, as `[tool.uv]` has them.
public struct ResolutionLimits: Sendable, Hashable, Codable {
    /// Requirements that limit versions, and install nothing: `constraint-dependencies`.
    public var constraints: [String] = []
    /// Packages uploaded after this time, as in RFC 3339, are ignored: `exclude-newer`, for uv only.
    public var excludeNewer: String?
    /// The names of further settings, which are not supported without a lock.
    public var unsupported: [String] = []

    /// Creates limits; without anything in them, nothing changes.
    public init(constraints: [String] = [], excludeNewer: String? = nil) {
        self.constraints = constraints
        self.excludeNewer = excludeNewer
    }

    /// Adds the limits of another file.
    ///
    /// - Throws: `EnvironmentError` with `invalidRequirement` if the two contradict each other.
    public mutating func add(_ others: ResolutionLimits) throws {
        if let other = others.excludeNewer {
            guard excludeNewer == nil || excludeNewer == other else {
                throw EnvironmentError(
                    .invalidRequirement,
                    "the script and its pyproject.toml have different values of exclude-newer",
                    remedy: "Remove one of them."
                )
            }
            excludeNewer = other
        }
        constraints += others.constraints
        unsupported += others.unsupported
    }

    /// The limits in a form that tells them apart; empty without any.
    var key: [String] {
        constraints.map { "constraint \($0)" } + unsupported.map { "unsupported \($0)" }
            + (excludeNewer.map { ["newer \($0)"] } ?? [])
    }
}
