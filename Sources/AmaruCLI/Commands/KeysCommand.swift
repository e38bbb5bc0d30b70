// `amaru keys`: store, list or remove the keys of providers.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Store, list or remove the keys of providers; none is ever shown.",
        discussion: """
            A key is stored in a file that you alone can read, and goes to the origin of its \
            provider's base URL only. A variable such as OPENAI_API_KEY goes before it. For a \
            secret store, write key.command = "…" in the settings (amaru config edit).
            """,
        subcommands: [Set.self, List.self, Remove.self],
        defaultSubcommand: List.self
    )

    /// A provider's name as an argument.
    struct Name: ParsableArguments {
        @Argument(
            help: "The provider: openai, or one of the settings.",
            completion: .custom { _, _, _ in
                (UserSettings().file.known ?? Configuration()).providerNames
            }
        )
        var name: String

        mutating func validate() throws {
            guard !KeyFolder.isName(name) else { return }
            // Not shown: it may be the key.
            throw ValidationError(
                "That is not a provider's name. Write amaru keys set NAME, and the key when you are "
                    + "asked for it: the words of a command line are seen by others."
            )
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set",
            abstract: "Store a key: typed unseen, or piped in."
        )

        @OptionGroup var provider: Name

        func run() async throws {
            try await Report.exiting {
                let settings = UserSettings()
                let configuration = try await settings.configuration()
                let name = provider.name
                try KeysCommand.refuseOtherSource(name, of: configuration, settings.path)
                ProcessSecrets.forbidDumps()
                guard let key = try KeyRing.valid(try await read(), from: "your input") else {
                    throw ValidationError("There is no key in your input: nothing was stored.")
                }
                Report.line("amaru: stored in \(try settings.keys.store(key, of: name))")
                if EnvironmentVariables.current[ProviderKey.variable(for: name)] != nil {
                    Report.line(
                        "amaru: the variable \(ProviderKey.variable(for: name)) is set, and goes "
                            + "before it"
                    )
                }
                guard configuration.provider(name) == nil else { return }
                let near = NearMiss.names(near: name, among: configuration.providerNames).first
                Report.line(
                    "amaru: there is no provider \(name) yet: "
                        + (near.map { "did you mean \($0)?" } ?? "amaru config edit adds it.")
                )
            }
        }

        private func read() async throws -> String {
            if isatty(STDIN_FILENO) == 1 {
                return try await HiddenPrompt.read("Key for \(provider.name) (hidden): ")
            }
            let bytes = try await blockingCall("amaru-stdin") {
                try PosixCall.readAll(STDIN_FILENO, atMost: PrivateFile.bound)
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the providers, and where the key of each comes from."
        )

        func run() async throws {
            try await Report.exiting {
                let settings = UserSettings()
                let configuration = try await settings.configuration()
                let variables = EnvironmentVariables.current
                var names = configuration.providerNames
                names += settings.keys.providers.filter { !names.contains($0) }
                let known = configuration.keys
                for name in names {
                    let key = known.first { $0.name == name }
                    let source =
                        key?.text(settings.keys, variables: variables) ?? "stored, for no provider"
                    let origin = key.map { "\($0.origin)" } ?? ""
                    try Report.output("\(name)\t\(source)\t\(origin)\n")
                }
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove",
            abstract: "Remove a stored key."
        )

        @OptionGroup var provider: Name

        func run() async throws {
            try await Report.exiting {
                let folder = UserSettings().keys
                guard try folder.remove(provider.name) else {
                    let all = folder.providers.joined(separator: ", ")
                    throw CommandFailure(
                        "There is no stored key of \(provider.name)"
                            + (all.isEmpty ? "." : "; there are those of \(all).")
                    )
                }
                Report.line("amaru: removed")
            }
        }
    }

    /// Refuses to store a key that would never be used.
    private static func refuseOtherSource(
        _ name: String,
        of configuration: Configuration,
        _ path: String
    ) throws {
        switch configuration.provider(name)?.key {
        case nil, .variable: return
        default:
            throw ValidationError(
                "The key of \(name) has another source, which \(path) names: remove the line "
                    + "`key` there, and store it again."
            )
        }
    }
}

extension ProviderKey {
    /// Where the key comes from, in words that do not show it.
    func text(_ stored: KeyFolder, variables: [String: String]) -> String {
        switch source {
        case .command: return "a command"
        case .file(let path): return "the file \(path)"
        case .prompt: return "asked for at each start"
        case .unneeded: return "none needed"
        case .variable, nil:
            let name = variable ?? ""
            if variables[name]?.isEmpty == false { return "the variable \(name)" }
            return stored.has(self.name) ? "stored" : "none"
        }
    }
}
