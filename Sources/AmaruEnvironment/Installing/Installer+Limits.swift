// The options that limit versions.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Installer {
    /// The options of limits.
    ///
    /// - Throws: `EnvironmentError` with `invalidRequirement` for what is not supported.
    func options(_ limits: ResolutionLimits) throws -> [String] {
        func refuse(_ name: String, _ why: String) throws -> Never {
            throw EnvironmentError(
                .invalidRequirement,
                "tool.uv.\(name) is not supported: \(why)",
                remedy: "Lock with `uv export --format pylock.toml`, or write versions into the "
                    + "requirements."
            )
        }
        if let name = limits.unsupported.first {
            try refuse(name, "amaru passes it to no installer")
        }
        var options = try constraining(limits.constraints)
        if let date = limits.excludeNewer {
            if program.isPip { try refuse("exclude-newer", "it is for uv, and pip is used here") }
            options += ["--exclude-newer", date]
        }
        return options
    }

    /// Writes a constraints file, and returns the option for it.
    func constraining(_ constraints: [String]) throws -> [String] {
        guard !constraints.isEmpty else { return [] }
        let file = work.folder.appending(path: "constraints.txt")
        let text = constraints.map { $0 + "\n" }.joined()
        try text.write(to: file, atomically: false, encoding: .utf8)
        return ["--constraint", file.path]
    }
}
