// `amaru plugins`: list the plugin files, make one, or say what is wrong with them.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruEnvironment
import AmaruPython
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

struct PluginsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugins",
        abstract: "List, make or check plugins: Python files that extend the chat.",
        subcommands: [List.self, New.self, Doctor.self],
        defaultSubcommand: List.self
    )

    private static var folder: PluginFolder {
        PluginFolder(variables: ProcessInfo.processInfo.environment)
    }

    private static func path(of plugin: String) -> String { "\(folder.path)/\(plugin).py" }

    private static func startPython() async throws {
        let resources = try PythonResources()
        let cache = UserFolder.cache(in: ProcessInfo.processInfo.environment)
        try await Python.start(
            PythonConfiguration(
                searchPaths: [resources.root.path],
                bytecodeCache: cache.appending(path: "bytecode").path
            )
        )
    }

    /// Runs a subcommand; each error becomes one line and an exit code.
    private static func reporting(_ body: () async throws -> Void) async throws {
        do { try await body() } catch { throw ExitCode(Report.failure(error)) }
    }

    /// Runs a subcommand with Python, if there is a folder of plugins.
    private static func readingFolder(_ body: () async throws -> Void) async throws {
        // One that is a link to itself is there, and cannot be read.
        var status = stat()
        guard lstat(folder.path, &status) == 0 else { return reportNone() }
        try await reporting {
            // Before the first use of the actor, which would start it otherwise.
            try await startPython()
            try await body()
        }
    }

    /// Returns what a function of `amaru.plugins` finds in the folder.
    ///
    /// If there is no plugin, the user is told how to make one.
    @PythonActor private static func read(
        _ module: String,
        _ function: String
    ) throws -> [PythonObject] {
        var found: [PythonObject] = []
        do {
            let read = try Python.import("amaru.plugins.\(module)").readAttribute(function)
            let iterator = try read(folder.path).makeIterator()
            while let next = try iterator.next() { found.append(next) }
        } catch let error as PythonException where error.isInstance(of: "OSError") {
            throw Failure("\(folder.path) cannot be read: \(error.message)")
        }
        if found.isEmpty { reportNone() }
        return found
    }

    private static func reportNone() {
        Report.line("No plugins in \(folder.path). Make one: amaru plugins new NAME")
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the plugins, without loading any."
        )

        func run() async throws { try await PluginsCommand.readingFolder(list) }

        @PythonActor private func list() throws {
            var problems: [String] = []
            for info in try PluginsCommand.read("listing", "list_plugins") {
                let name: String = try info.name.converted()
                let hooks: [String] = try info.hooks.converted()
                let problem: String = try info.problem.converted()
                print("\(name)\t\(hooks.joined(separator: " "))\t\(PluginsCommand.path(of: name))")
                if !problem.isEmpty { problems.append(problem) }
            }
            for problem in problems { Report.line("amaru: \(problem)") }
            if !problems.isEmpty { throw ExitCode(1) }
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

        func run() async throws { try await PluginsCommand.reporting(make) }

        private func make() async throws {
            let folder = PluginsCommand.folder.url
            let file = folder.appending(path: "\(name).py")
            if FileManager.default.fileExists(atPath: file.path) {
                throw ValidationError("\(file.path) exists already: choose another name.")
            }
            try await PluginsCommand.startPython()
            let text: String = try await PythonActor.run { [name] in
                try Python.import("amaru.plugins").template(name)
            }
            do {
                try FileManager.default.createDirectory(
                    at: folder,
                    withIntermediateDirectories: true
                )
            } catch {
                throw Self.notMade(folder)
            }
            let descriptor = open(file.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw Self.notMade(file) }
            defer { close(descriptor) }
            do {
                try Array(text.utf8).withUnsafeBytes { try PosixCall.writeAll($0, to: descriptor) }
            } catch {
                throw Self.notMade(file)
            }
            print(file.path)
        }

        /// Says what the system refused, by the error that its last call left.
        private static func notMade(_ item: URL) -> Failure {
            Failure("\(item.path) cannot be made: \(String(cString: strerror(errno)))")
        }
    }

    struct Doctor: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Load each plugin, without a chat, and say what is wrong with it.",
            discussion: """
                Each fault is one line on standard error, with the file, the line and what to do.
                Exit codes: 0 all plugins are ok, 1 a plugin is not.
                """
        )

        /// How long a plugin may take to load.
        private static let seconds = 5
        /// How long it then has to stop.
        private static let patience = Duration.seconds(2)

        func run() async throws { try await PluginsCommand.readingFolder(check) }

        @PythonActor private func check() async throws {
            var isWell = true
            for file in try PluginsCommand.read("loading", "files") {
                let name: String = try Python.import("amaru.plugins.loading").name_of(file)
                let watch = Task.detached { try await Self.stop(name) }
                defer { watch.cancel() }
                let doctor = try Python.import("amaru.plugins.doctor")
                let coroutine: PythonObject = try doctor.examine(file, Self.seconds)
                let finding = try await coroutine.awaited()
                let problems: [String] = try finding.problems.converted()
                let note: String = try finding.note.converted()
                Self.show(name, try finding.hooks.converted(), isWell: problems.isEmpty)
                for problem in problems { Report.line("amaru: \(problem)") }
                if !note.isEmpty { Report.line("amaru: plugin \(name): \(note)") }
                isWell = isWell && problems.isEmpty
            }
            if isWell { return }
            Report.line("Fix these lines. A file whose name begins with _ is left out of the chat.")
            throw ExitCode(1)
        }

        private static func show(_ name: String, _ hooks: [String], isWell: Bool) {
            let state = isWell ? "ok" : "not ok"
            let hooks = hooks.joined(separator: " ")
            print("\(name)\t\(state)\t\(hooks)\t\(PluginsCommand.path(of: name))")
        }

        /// Interrupts a plugin that takes too long, and ends the program if it still does not stop.
        private static func stop(_ name: String) async throws {
            try await Task.sleep(for: .seconds(seconds))
            Python.interrupt()
            try await Task.sleep(for: patience)
            show(name, [], isWell: false)
            Report.line(
                "amaru: \(PluginsCommand.path(of: name)):1: does not end, and cannot be interrupted; "
                    + "move slow work into a hook. The plugins after it were not checked."
            )
            fflush(nil)
            _exit(1)
        }
    }
}
