// Packages that a script installs while it runs: the module `_amaru_packages`.
// SPDX-License-Identifier: Apache-2.0

import Amaru
public import AmaruEnvironment

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What installs packages for a script.
public struct ScriptPackages: Sendable {
    private let builder: EnvironmentBuilder
    private let progress: @Sendable (String) -> Void

    /// Describes an installer; nothing is looked for yet.
    ///
    /// - `progress`: Gets one line of text at a time, from any thread.
    public init(
        builder: EnvironmentBuilder,
        progress: @escaping @Sendable (String) -> Void
    ) {
        self.builder = builder
        self.progress = progress
    }

    /// What came of a change: a folder, or a failure.
    private struct Outcome: Encodable {
        var root: String?
        var code = ""
        var message = ""
    }

    /// The module through which Python's `micropip` installs.
    ///
    /// - `base`: The environment that the script runs in, if any.
    func module(base: URL?) -> PythonModule {
        PythonModule("_amaru_packages", documentation: "The host's installer.") {
            PythonConstant("base", base?.path ?? "")
            PythonFunction(
                "find",
                .positional("change"),
                documentation: "The environment that a change leads to, if it was made before."
            ) { (change: PythonCoded<EnvironmentChange>) in
                try builder.existing(after: change.value, with: .linked)?.root.path
            }
            PythonFunction(
                "make",
                .positional("change"),
                documentation: "Makes the environment that a change leads to."
            ) { (change: PythonCoded<EnvironmentChange>) async throws in
                PythonCoded(await make(change.value))
            }
            PythonFunction(
                blocking: "make_blocking",
                .positional("change"),
                documentation: "Does what make does, for code that cannot await."
            ) { (change: PythonCoded<EnvironmentChange>) async throws in
                PythonCoded(await make(change.value))
            }
        }
    }

    private func make(_ change: EnvironmentChange) async -> Outcome {
        do {
            let made = try await builder.environment(
                after: change,
                with: .linked,
                progress: progress
            )
            return Outcome(root: made.root.path)
        } catch let error as EnvironmentError {
            return Outcome(code: error.code.description, message: "\(error)")
        } catch {
            return Outcome(code: "interpreter", message: "\(error)")
        }
    }
}
