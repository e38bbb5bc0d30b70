// `amaru plugins`: list the plugin files, or make one.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruPython
import ArgumentParser
import Foundation

struct PluginsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugins",
        abstract: "List or make plugins: Python files that extend the chat.",
        subcommands: [List.self, New.self],
        defaultSubcommand: List.self
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the plugins, without loading any."
        )

        func run() async throws {
            let folder = PluginFolder(variables: ProcessInfo.processInfo.environment)
            let files = try folder.files()
            if files.isEmpty {
                Report.line("No plugins in \(folder.path). Make one: amaru plugins new NAME")
            }
            for file in files {
                print("\(file.deletingPathExtension().lastPathComponent)\t\(file.path)")
            }
        }
    }

    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a plugin of ten lines to start from."
        )

        @Argument(help: "Its name: letters, digits and underscores.")
        var name: String

        func validate() throws {
            guard name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil else {
                throw ValidationError(
                    "\(name) is no name for a plugin: use letters, digits and underscores."
                )
            }
        }

        func run() async throws {
            let folder = PluginFolder(variables: ProcessInfo.processInfo.environment)
            let file = folder.url.appending(path: "\(name).py")
            let resources = try PythonResources(besides: try Program.executable())
            try await Python.start(PythonConfiguration(searchPaths: [resources.root.path]))
            let text: String = try await PythonActor.run { [name] in
                try Python.import("amaru.plugins.template").template(name)
            }
            try FileManager.default.createDirectory(
                at: folder.url,
                withIntermediateDirectories: true
            )
            do {
                try Data(text.utf8).write(to: file, options: .withoutOverwriting)
            } catch CocoaError.fileWriteFileExists {
                throw ValidationError("\(file.path) exists already: choose another name.")
            }
            print(file.path)
        }
    }
}
