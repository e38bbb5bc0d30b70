// `amaru config`: where the settings are, edit them, check them.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show, edit or check the file of settings: providers, aliases, prices.",
        discussion: """
            model = "fast"              # what is asked without --model
            highlight = false           # code stays plain; a number: wait s seconds

            [providers.groq]            # amaru -m groq, or -m groq/MODEL
            base-url = "https://api.groq.com/openai/v1"
            # or key.variable, key.file, key = "prompt", key = "none"
            key.command = "pass show groq"
            model = "llama-3.3-70b-versatile"
            system = "Be brief."
            options = { temperature = 0.2 }
            headers = { "X-Title" = "amaru" }

            [providers.groq.prices]     # of a million tokens
            "llama-3.3-70b-versatile" = { input = 0.59, output = 0.79 }

            [aliases]                   # amaru -m fast
            fast = "groq/llama-3.1-8b-instant"
            careful = { model = "openai/o3", options = { reasoning_effort = "high" } }

            An option goes before a variable, and that before the file: --base-url, --model with \
            an alias or a provider, OPENAI_BASE_URL, then model in the file. Without a line `key` \
            the key is in the variable GROQ_API_KEY, or was stored by amaru keys set groq.
            """,
        subcommands: [Path.self, Edit.self, Check.self],
        defaultSubcommand: Path.self
    )

    struct Path: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "path",
            abstract: "Show the file's path."
        )

        func run() async throws {
            try await Report.exiting { try Report.output(UserSettings().path + "\n") }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Read the file, and say what is wrong with it.",
            discussion: "Exit codes: 0 it can be used, 2 it cannot."
        )

        func run() async throws {
            try await Report.exiting {
                let settings = UserSettings()
                guard let found = try await settings.file.read() else {
                    return Report.line(
                        "amaru: \(settings.path): there is no such file; amaru config edit makes it"
                    )
                }
                let names = found.providers.keys.sorted().joined(separator: ", ")
                let aliases = found.aliases.keys.sorted().joined(separator: ", ")
                try Report.output(
                    "\(settings.path)\tok\tproviders: \(names.isEmpty ? "none" : names)\t"
                        + "aliases: \(aliases.isEmpty ? "none" : aliases)\n"
                )
            }
        }
    }

    struct Edit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "edit",
            abstract: "Edit the file with $VISUAL or $EDITOR; it is replaced only by a right one.",
            discussion: """
                You edit a draft beside the file. A draft with a mistake in it is kept, and is \
                what the next amaru config edit goes on with.
                """
        )

        func run() async throws {
            try await Report.exiting { try await SettingsEdit().run() }
        }
    }
}

/// One editing of the file of settings.
private struct SettingsEdit {
    let settings = UserSettings()

    /// The file itself, which may be behind a link.
    private var target: URL { URL(filePath: settings.path).resolvingSymlinksInPath() }
    private var draft: URL { URL(filePath: target.path + ".draft") }

    /// Has the user edit the draft.
    private func edit() async throws {
        let editor = ExternalEditor(variables: EnvironmentVariables.current)
        do {
            try await SignalAction.leavingKeys {
                try await blockingCall("amaru-editor") { [draft] in
                    try editor.edit(fileAt: draft.path)
                }
            }
        } catch let failure as ExternalEditor.Failure {
            throw CommandFailure("\(failure); the file is \(draft.path)")
        }
    }

    func run() async throws {
        let isLeft = FileManager.default.fileExists(atPath: draft.path)
        let before = FileManager.default.contents(atPath: target.path)
        if isLeft {
            Report.line("amaru: going on with \(draft.path)")
        } else {
            try PrivateFile.write(before ?? Data(Self.example.utf8), to: draft, mode: mode)
        }
        try await edit()
        let after = FileManager.default.contents(atPath: draft.path)
        guard let after, after != before, before != nil || after != Data(Self.example.utf8) else {
            unlink(draft.path)
            return Report.line("amaru: nothing was changed")
        }
        do {
            _ = try await settings.configuration(at: draft.path).read()
        } catch let error as SettingsError {
            Report.line("amaru: \(error)")
            Report.line(
                "amaru: the file is as it was; your text is in \(draft.path): run amaru config edit "
                    + "again, or remove it"
            )
            throw ExitCode(2)
        }
        guard rename(draft.path, target.path) == 0 else {
            throw CommandFailure(
                "\(target.path) cannot be replaced: \(String(cString: strerror(errno))); your text "
                    + "is in \(draft.path)"
            )
        }
        // Read here, so that the next start need not.
        _ = try await settings.file.read()
        Report.line("amaru: saved \(target.path)")
    }

    private var mode: mode_t {
        var status = stat()
        return stat(target.path, &status) == 0 ? status.st_mode & 0o777 : 0o600
    }

    private static let example = """
        # The settings of amaru. Keys do not belong here: amaru keys set NAME stores one.
        #
        # model = "groq/llama-3.3-70b-versatile"   # what is asked without --model
        #
        # [providers.groq]
        # base-url = "https://api.groq.com/openai/v1"
        # key.variable = "GROQ_API_KEY"            # or key.command = "pass show groq"
        # options = { temperature = 0.2 }
        #
        # [providers.ollama]
        # base-url = "http://localhost:11434/v1"
        # key = "none"
        #
        # [aliases]
        # fast = "groq/llama-3.1-8b-instant"

        """
}
