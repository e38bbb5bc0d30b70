// `amaru doctor`: what a chat needs, and what of it is amiss.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruHTTP
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Examine all that a chat needs, from Python to the server, with remedies.",
        discussion: """
            Each line is a part, how it is, and what to do if it is not ok. Keys are not shown.
            Exit codes: 0 a chat would work, 1 something has failed.
            """
    )

    @Option(
        name: [.short, .long],
        help: "The model to ask: its name, PROVIDER/MODEL, or an alias of the settings.",
        completion: .custom(ModelCompletion.words)
    )
    var model: String?

    @Flag(help: "Write one array of JSON.")
    var json = false

    @OptionGroup var options: ServerOptions

    func run() async throws {
        let examination = Examination(
            variables: EnvironmentVariables.current,
            settings: UserSettings()
        )
        // The settings first: the keys in the variables that they name must be gone before Python
        // starts.
        let configuration = await examination.configuration()
        var server: [Finding] = []
        if configuration.state != .failed {
            do {
                server = await ServerExamination(
                    program: try await options.program(model: model)
                ).findings()
            } catch let error as ValidationError {
                server = [.failed("server", error.message, "see amaru help chat")]
            }
        }
        let findings =
            [
                await examination.python(), examination.library(), examination.environments(),
                examination.authorities(), examination.proxy(), examination.terminal(),
                examination.highlighting(), configuration,
            ] + server
        let code: Int32 = findings.contains { $0.state == .failed } ? 1 : 0
        do {
            try Report.output(
                json
                    ? JSONText.line(findings) + "\n"
                    : findings.map { $0.line + "\n" }.joined()
            )
        } catch {
            ProcessEnd.leave(Report.failure(error))
        }
        ProcessEnd.leave(code)
    }
}

/// Looks at the key and the server of a choice.
struct ServerExamination {
    let program: Program

    private var choice: ModelChoice { program.choice }

    /// How the server is asked: it is given less time than an answer.
    private static let timeouts = HTTPTimeouts.all(.seconds(10))

    func findings() async -> [Finding] {
        guard program.isRemote else {
            return [
                .ok("key", "none: a demo model on this machine answers"),
                .ok("server", "none is asked"),
            ]
        }
        let key = await key()
        return [key, await server(key)]
    }

    private func key() async -> Finding {
        let origin = program.keys.origin
        if program.options.noKey { return .ok("key", "none, by --no-key") }
        do {
            try await program.keys.load(variables: program.variables)
        } catch {
            return .failed("key", "\(error)", "amaru keys lists where each comes from")
        }
        guard program.keys.known != nil else {
            guard program.keys.isAsked else {
                return .ok("key", "none for \(origin), which may need none")
            }
            if program.keys.provider?.source == .prompt {
                return .warning(
                    "key",
                    "asked for at each start, for \(origin)",
                    "amaru keys set stores it; --key-env names a variable for once"
                )
            }
            return .failed("key", "none for \(origin)", program.keys.missing)
        }
        guard origin.isSecure || origin.isLoopback else {
            return .failed(
                "key",
                "not sent to \(origin), since the connection is not encrypted",
                "use https, or --no-key if the server needs no key"
            )
        }
        let provider = program.keys.provider
        let source =
            program.keys.source.map { "the variable \($0)" }
            ?? provider?.text(program.userSettings.keys, variables: [:]) ?? "your input"
        return .ok("key", "from \(source), for \(origin)")
    }

    private func server(_ key: Finding) async -> Finding {
        let shown = program.baseURL.prefix { $0 != "?" }
        guard key.state != .failed else {
            return .warning("server", "\(shown) was not asked", "see the line above")
        }
        do {
            let list = try await program.models(keptFor: 0, within: Self.timeouts)
            let model = choice.model ?? ModelChoice.standardModel
            let count = Finding.count(list.models.count, "model")
            if list.models.isEmpty || list.models.contains(model) {
                return .ok("server", "\(shown), \(count), asks \(model)")
            }
            let near = Program.near(model, list.models)
            let command = choice.provider.map { "amaru models \($0)" } ?? "amaru models"
            return .warning(
                "server",
                "\(shown), \(count), but not \(model)",
                near.isEmpty
                    ? "\(command) lists what it has"
                    : "did you mean \(near.joined(separator: " or "))?"
            )
        } catch let fault as ServerFault {
            return .failed("server", fault.message, fault.remedy)
        } catch {
            return .failed("server", "\(error)", "try again")
        }
    }
}
