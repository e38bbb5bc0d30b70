// `amaru plugins`: list the plugin files, make one, or say what is wrong with them.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import AmaruPython
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
struct PluginsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugins",
        abstract: "List, make or check plugins: Python files that extend the chat.",
        subcommands: [List.self, New.self, Doctor.self],
        defaultSubcommand: List.self
    )

    static var folder: PluginFolder {
        PluginFolder(variables: EnvironmentVariables.current)
    }

    static func path(of plugin: String) -> String { "\(folder.path)/\(plugin).py" }

    static func startPython() async throws {
        let resources = try PythonResources()
        let cache = UserFolder.cache(in: EnvironmentVariables.current)
        try await Python.start(
            PythonConfiguration(
                searchPaths: [resources.root.path, resources.compat.path],
                bytecodeCache: cache.appending(path: "bytecode").path
            )
        )
    }

    /// Runs a subcommand with Python if there is a folder of plugins.
    ///
    /// - Throws: `ExitCode`.
    static func readingFolder(_ body: () async throws -> Void) async throws {
        // A link to itself is there, and cannot be read.
        var status = stat()
        guard lstat(folder.path, &status) == 0 else { return reportNone() }
        try await Report.exiting {
            // Before the first use of the actor, which would start it otherwise.
            try await startPython()
            try await body()
        }
    }

    /// Returns what a function of `amaru.plugins` finds in the folder.
    ///
    /// If there is no plugin, the user is told how to make one.
    ///
    /// - Throws: `CommandFailure` if the folder cannot be read.
    @PythonActor
    static func read(_ module: String, _ function: String) throws -> [PythonObject] {
        var found: [PythonObject] = []
        do {
            let read = try Python.import("amaru.plugins.\(module)").readAttribute(function)
            let iterator = try read(folder.path).makeIterator()
            while let next = try iterator.next() { found.append(next) }
        } catch let error as PythonException where error.isInstance(of: "OSError") {
            throw CommandFailure("\(folder.path) cannot be read: \(error.message)")
        }
        if found.isEmpty { reportNone() }
        return found
    }

    /// Writes a plugin's line of a table.
    ///
    /// - Throws: `TerminalError`.
    static func show(_ plugin: String, _ columns: String...) throws {
        let line = [plugin] + columns + [path(of: plugin)]
        try Report.output(line.joined(separator: "\t") + "\n")
    }

    private static func reportNone() {
        Report.line("No plugins in \(folder.path). Make one: amaru plugins new NAME")
    }
}
