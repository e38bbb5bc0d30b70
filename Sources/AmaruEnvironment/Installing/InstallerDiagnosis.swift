// From an installer's words to the kind of failure.
// SPDX-License-Identifier: Apache-2.0

/// Finds out from an installer's last lines why it failed.
struct InstallerDiagnosis {
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
            remedy: ""
        ),
        // What a build writes may match any other rule.
        Rule(
            code: .buildFailed,
            phrases: [
                "build wheel did not run", "(pyproject.toml) did not run", "python setup.py ",
                "backendunavailable", "tomldecodeerror", "invalid `pyproject.toml`",
                "build backend returned an error", "build backend failed",
            ],
            remedy: "It was built here, as it has no wheel for this Python and machine: install "
                + "what its build asks for, such as a compiler or headers, or ask for a version "
                + "that has such a wheel."
        ),
        Rule(
            code: .noVenvModule,
            phrases: [
                "ensurepip is not available", "no module named venv", "no module named ensurepip",
                "no module named 'ensurepip'",
            ],
            remedy: "Install Python's venv module (on Debian and Ubuntu: apt install python3-venv),"
                + " or install uv."
        ),
        Rule(
            code: .installerFailed,
            phrases: [
                "no module named pip", "no module named 'pip", "from 'pip.", "from 'pip'",
            ],
            remedy:
                "The pip in the cache is damaged: remove it with `amaru env clear`, or remove the "
                + "folder `installers` of the cache."
        ),
        Rule(
            code: .damagedDownload,
            phrases: ["do not match the hashes", "hash mismatch"],
            remedy: "The file is not the one that was asked for: someone has changed it, or it was "
                + "damaged on the way. Nothing of it was installed."
        ),
        Rule(
            code: .damagedDownload,
            phrases: [
                "is invalid.", "not a zip file", "zip archive", "badzipfile", "invalid wheel",
                "bad magic number for file header", "outside the target directory",
                "invalid package format", "failed to read from zip",
            ],
            remedy: "The file is damaged, or is no package: get it again, or ask its author."
        ),
        Rule(
            code: .indexFailed,
            phrases: ["error responses", " server error"],
            remedy: "The package index has a fault of its own: try again later, or name another."
        ),
        Rule(
            code: .offline,
            phrases: [
                "failed to establish a new connection", "newconnectionerror",
                "name resolution", "network is unreachable", "connection refused", "dns error",
                "connecttimeouterror", "read timed out", "operation timed out",
                "cannot connect to proxy", "no route to host",
                "error sending request", "could not connect to", "network connectivity is disabled",
            ],
            remedy: "Check the network, the proxy variables and the installer's index settings. "
                + "Packages that were installed before work without a network."
        ),
        Rule(
            code: .buildFailed,
            phrases: [
                "install build dependencies did not run", "from `build-system.requires`",
                "from `setup.py` build",
            ],
            remedy: "It is built here, as it has no wheel for this Python and machine, and what "
                + "its build needs cannot be had: ask for a version that has such a wheel, or "
                + "let the index have the build's requirements."
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

    let installer: String
    let task: String
    let status: ExitStatus
    let lines: [String]
    /// What a program that it ran wrote, such as a build, if that has failed.
    let program: [String]
    /// The variables that name proxies.
    let proxies: [String]
    /// The folder that it wrote to.
    let folder: String
    /// The folder of its own files, which say nothing to a user.
    let work: String

    private var rule: Rule? {
        let said = (lines + program).map { $0.lowercased() }
        return Self.rules.first { rule in
            rule.phrases.contains { phrase in said.contains { $0.contains(phrase) } }
        }
    }

    /// The error: what failed, the installer's last words, and what to do.
    var error: EnvironmentError {
        let rule = rule
        if rule?.code == .diskFull || rule == nil && DurableFile.isFull(at: folder) {
            return .diskFull(folder, words)
        }
        return EnvironmentError(
            rule?.code ?? .installerFailed,
            words,
            remedy: rule?.remedy ?? "The lines above are \(installer)'s own and say more."
        )
    }

    /// The error of an installer that was ended since it did nothing.
    func stalled(_ limit: Duration) -> EnvironmentError {
        let seconds = limit / .seconds(1)
        return EnvironmentError(
            .stalled,
            "\(installer) did nothing for \(seconds) s and was ended. \(words)",
            remedy: "Check the network and the package index, then try again."
        )
    }

    private var words: String {
        let text = shown.map { "  " + plain($0) }.joined(separator: "\n")
        let output = text.isEmpty ? "It said nothing." : "It said:\n\(text)"
        // uv does not say that it is the proxy that does not answer.
        let names = rule?.code == .offline ? proxies.joined(separator: ", ") : ""
        let way = names.isEmpty ? "" : "\nIt uses the proxy set in \(names)."
        return "\(installer) could not \(task) (\(status)). \(output)\(way)"
    }

    /// The last lines; of a build also the first, since the reason may be above much else.
    private var shown: [String] {
        if program.isEmpty, rule?.code != .buildFailed { return lines.suffix(12) }
        let all = program.isEmpty ? lines : program
        guard all.count > 40 else { return all }
        return all.prefix(12) + ["  …"] + all.suffix(28)
    }

    /// A line, cut where it is long, without the place in a file of ours that pip shows for each
    /// requirement.
    private func plain(_ whole: String) -> String {
        let line = whole.count > 500 ? whole.prefix(500) + "…" : whole
        guard let start = line.firstRange(of: " (from -r \(work)/"),
            let end = line[start.upperBound...].firstRange(of: "))")
        else { return line }
        return "\(line[..<start.lowerBound])\(line[end.upperBound...])"
    }
}
