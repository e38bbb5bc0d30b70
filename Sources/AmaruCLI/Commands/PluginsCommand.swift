// `amaru plugins`: list the plugin files, or make one.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
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

    private static func startPython() async throws {
        let resources = try PythonResources(besides: try Program.executable())
        let cache = CacheFolder.standard(environment: ProcessInfo.processInfo.environment)
        try await Python.start(
            PythonConfiguration(
                searchPaths: [resources.root.path],
                bytecodeCache: cache.appending(path: "bytecode").path
            )
        )
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the plugins, without loading any."
        )

        func run() async throws {
            let folder = PluginFolder(variables: ProcessInfo.processInfo.environment)
            let found = try folder.exists ? await plugins(in: folder) : []
            if found.isEmpty {
                Report.line("No plugins in \(folder.path). Make one: amaru plugins new NAME")
            }
            for plugin in found {
                print("\(plugin.name)\t\(plugin.hooks.joined(separator: " "))\t\(plugin.path)")
            }
            let problems = found.map(\.problem).filter { !$0.isEmpty }
            for problem in problems { Report.line("amaru: \(problem)") }
            if !problems.isEmpty { throw ExitCode(1) }
        }

        private struct Plugin: Sendable {
            let name: String
            let hooks: [String]
            let path: String
            /// Why it cannot be loaded; empty where it can.
            let problem: String
        }

        /// Reads the files as the chat would, without running a line of them.
        private func plugins(in folder: PluginFolder) async throws -> [Plugin] {
            try await PluginsCommand.startPython()
            return try await PythonActor.run { [path = folder.path] in
                let list = try Python.import("amaru.plugins").list_plugins(path) as PythonObject
                let iterator = try list.makeIterator()
                var plugins: [Plugin] = []
                while let info = try iterator.next() {
                    plugins.append(
                        Plugin(
                            name: try info.name.converted(),
                            hooks: try info.hooks.converted(),
                            path: try Python.str(info.path),
                            problem: try info.problem.converted()
                        )
                    )
                }
                return plugins
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
            guard name.wholeMatch(of: /[A-Za-z][A-Za-z0-9_]*/) != nil else {
                throw ValidationError(
                    "\(name.debugDescription) is no name for a plugin: use letters, digits and "
                        + "underscores, a letter first."
                )
            }
        }

        func run() async throws {
            let folder = PluginFolder(variables: ProcessInfo.processInfo.environment)
            let file = folder.url.appending(path: "\(name).py")
            try await PluginsCommand.startPython()
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
