// `amaru templates`: the prompts that are used again.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct TemplatesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "templates",
        abstract: "List or show templates: prompts with variables, for amaru -t NAME.",
        discussion: """
            NAME.txt in the folder is a prompt; $input stands for what you say, any other $name \
            for the value of -p name=value. NAME.toml may have the keys prompt, system, model, \
            options and defaults.
            """,
        subcommands: [List.self, Show.self, Path.self],
        defaultSubcommand: List.self
    )

    static var folder: TemplateFolder { TemplateFolder(UserSettings()) }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the templates."
        )

        func run() async throws {
            try await Report.exiting {
                let folder = TemplatesCommand.folder
                try Report.output(folder.names.map { $0 + "\n" }.joined())
                if folder.names.isEmpty {
                    Report.line("There are no templates in \(folder.url.path).")
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show the file of a template."
        )

        @Argument(
            help: "The template's name.",
            completion: .custom { _, _, _ in TemplatesCommand.folder.names }
        )
        var name: String

        func run() async throws {
            try await Report.exiting {
                // For its errors.
                _ = try await TemplatesCommand.folder.template(name)
                let path = TemplatesCommand.folder.path(of: name) ?? ""
                let text = FileManager.default.contents(atPath: path) ?? Data()
                try Report.output(String(decoding: text, as: UTF8.self))
            }
        }
    }

    struct Path: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "path",
            abstract: "Show the templates' folder."
        )

        func run() async throws {
            try await Report.exiting {
                try Report.output(TemplatesCommand.folder.url.path + "\n")
            }
        }
    }
}
