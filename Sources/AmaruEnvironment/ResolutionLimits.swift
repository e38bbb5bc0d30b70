// Which versions a resolver may choose, beside what requirements say.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Limits on the versions that are chosen, as `[tool.uv]` has them.
public struct ResolutionLimits: Sendable, Hashable, Codable {
    /// Requirements that limit versions, and install nothing: `constraint-dependencies`.
    public var constraints: [String] = []
    /// A time, as in RFC 3339, after which what an index got does not count: `exclude-newer`.
    ///
    /// Only uv knows it.
    public var excludeNewer: String?
    /// The names of further ones, which no installer is told: only a lock can keep to them.
    public var unread: [String] = []

    /// Creates limits; without anything in them, nothing changes.
    public init(constraints: [String] = [], excludeNewer: String? = nil) {
        self.constraints = constraints
        self.excludeNewer = excludeNewer
    }

    /// Adds those of a further file; what was there is kept.
    public mutating func add(_ others: ResolutionLimits) {
        constraints += others.constraints
        excludeNewer = excludeNewer ?? others.excludeNewer
        unread += others.unread
    }

    /// The limits in a form that tells them apart; empty without any.
    var key: [String] {
        self == ResolutionLimits()
            ? [] : [excludeNewer ?? ""] + constraints + unread.map { "tool.uv.\($0)" }
    }
}

extension Installer {
    /// The options of limits.
    ///
    /// - Throws: `EnvironmentError` with `invalidRequirement` for what it cannot be told.
    func options(_ limits: ResolutionLimits) throws -> [String] {
        func refuse(_ name: String, _ why: String) throws -> Never {
            throw EnvironmentError(
                .invalidRequirement,
                "tool.uv.\(name) cannot be kept to: \(why)",
                remedy: "Lock with `uv export --format pylock.toml`, or write versions into the "
                    + "requirements."
            )
        }
        if let name = limits.unread.first { try refuse(name, "amaru does not read it") }
        var options = try constraining(limits.constraints)
        if let date = limits.excludeNewer {
            if program.isPip { try refuse("exclude-newer", "it is for uv, and pip is used here") }
            options += ["--exclude-newer", date]
        }
        return options
    }

    /// The option that limits versions, with its file.
    func constraining(_ constraints: [String]) throws -> [String] {
        guard !constraints.isEmpty else { return [] }
        let file = work.folder.appending(path: "constraints.txt")
        let text = constraints.map { $0 + "\n" }.joined()
        try text.write(to: file, atomically: false, encoding: .utf8)
        return ["--constraint", file.path]
    }
}
