// From an installer's words to the kind of failure.
// SPDX-License-Identifier: Apache-2.0

/// Finds out from an installer's last lines why it failed.
enum InstallerDiagnosis {
    private struct Rule {
        let code: EnvironmentError.Code
        let phrases: [String]
        let remedy: String
    }

    /// The rules, of which the first with a phrase in the output applies.
    ///
    /// The order matters: without a network pip reports first that it can't connect, then that no
    /// version exists; on a full disk, it also reports the operation that failed.
    private static let rules: [Rule] = [
        Rule(
            code: .diskFull,
            phrases: ["no space left on device", "errno 28", "os error 28", "disk quota exceeded"],
            remedy: "Free some space, then try again. Nothing incomplete was kept."
        ),
        Rule(
            code: .noVenvModule,
            phrases: [
                "ensurepip is not available", "no module named venv", "no module named ensurepip",
                "no module named 'ensurepip'", "no module named pip",
            ],
            remedy: "Install Python's venv module (on Debian and Ubuntu: apt install python3-venv),"
                + " or install uv."
        ),
        Rule(
            code: .offline,
            phrases: [
                "failed to establish a new connection", "newconnectionerror",
                "name resolution", "network is unreachable", "connection refused", "dns error",
                "connecttimeouterror", "cannot connect to proxy", "no route to host",
                "error sending request", "could not connect to", "network connectivity is disabled",
            ],
            remedy: "Check the network, the proxy variables and the installer's index settings. "
                + "Packages that were installed before work without a network."
        ),
        Rule(
            code: .unresolvable,
            phrases: [
                "no matching distribution", "could not find a version", "resolutionimpossible",
                "conflicting dependencies", "no solution found", "invalid requirement",
                "failed to parse", "does not appear to be a python project", "requires-python",
                "requires a different python", "not found in the package registry",
            ],
            remedy: "Check the names and versions asked for, and that they exist for this Python."
        ),
    ]

    /// Makes the error for an installer that ended with `status` after `lines`.
    static func error(
        installer: String,
        task: String,
        status: ExitStatus,
        lines: [String]
    ) -> EnvironmentError {
        let said = lines.map { $0.lowercased() }
        let rule = rules.first { rule in
            rule.phrases.contains { phrase in said.contains { $0.contains(phrase) } }
        }
        let shown = lines.suffix(12).map { "  " + $0 }.joined(separator: "\n")
        let output = shown.isEmpty ? "It said nothing." : "It said:\n\(shown)"
        return EnvironmentError(
            rule?.code ?? .installerFailed,
            "\(installer) could not \(task) (\(status)). \(output)",
            remedy: rule?.remedy ?? "The lines above are \(installer)'s own and say more."
        )
    }
}
