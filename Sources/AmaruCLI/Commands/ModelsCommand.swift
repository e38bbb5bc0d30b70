// `amaru models`: what the server offers.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "List the models that a server offers.",
        discussion: """
            Without PROVIDER it is the server that amaru would ask. The list is kept for an hour; \
            shells complete --model from it.
            """
    )

    @Argument(
        help: "A provider of the settings (amaru config).",
        completion: .custom { _, _, _ in
            (UserSettings().file.known ?? Configuration()).providerNames
        }
    )
    var provider: String?

    @Flag(help: "Ask the server, however new the list is that was kept.")
    var refresh = false

    @Flag(help: "Write one object of JSON.")
    var json = false

    @OptionGroup var options: ServerOptions

    func validate() throws {
        if let provider, options.baseURL != nil {
            throw ValidationError(
                "\(provider) and --base-url name a server each: give one of them."
            )
        }
    }

    func run() async throws {
        if let provider { try await check(provider) }
        let program = try await options.program(model: provider)
        await program.end {
            let lifetime = refresh ? 0 : ModelCache.lifetime
            let kept = program.userSettings.models.list(of: program.baseURL)
            if kept.map({ $0.age < lifetime }) != true { try await program.askForKey() }
            let list = try await program.interrupts.cancelling {
                try await program.models(keptFor: lifetime)
            }
            try json ? writeJSON(list, of: program) : write(list)
            return 0
        }
    }

    private func check(_ name: String) async throws {
        let configuration = try await UserSettings().configuration()
        if configuration.provider(name) != nil { return }
        let names = configuration.providerNames
        let near = NearMiss.names(near: name, among: names).first
        let hint = near.map { ": did you mean \($0)?" }
        throw ValidationError(
            "There is no provider \(name)"
                + (hint ?? "; there are \(names.joined(separator: ", ")).")
        )
    }

    private func write(_ list: ModelList) throws {
        try Report.output(list.models.map { $0 + "\n" }.joined())
        if list.models.isEmpty { Report.line("amaru: the server names no models") }
        if list.age >= 60 {
            Report.line("amaru: as of \(list.ageText) ago; --refresh asks again")
        }
    }

    private struct Answer: Encodable {
        var provider: String?
        var baseURL: String
        var model: String
        var age: Int
        var models: [String]

        enum CodingKeys: String, CodingKey {
            case provider, model, age, models
            case baseURL = "base_url"
        }
    }

    private func writeJSON(_ list: ModelList, of program: Program) throws {
        let answer = Answer(
            provider: program.choice.provider,
            baseURL: String(list.baseURL.prefix { $0 != "?" }),
            model: program.choice.model ?? ModelChoice.standardModel,
            age: Int(min(list.age, 1e12)),
            models: list.models
        )
        try Report.output(JSONText.line(answer) + "\n")
    }
}
