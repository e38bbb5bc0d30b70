// `amaru plugins doctor`.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import ArgumentParser

extension PluginsCommand {
    struct Doctor: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "doctor",
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
                let hooks: [String] = try finding.hooks.converted()
                let state = problems.isEmpty ? "ok" : "not ok"
                try PluginsCommand.show(name, state, hooks.joined(separator: " "))
                for problem in problems { Report.line("amaru: \(problem)") }
                if !note.isEmpty { Report.line("amaru: plugin \(name): \(note)") }
                isWell = isWell && problems.isEmpty
            }
            if isWell { return }
            Report.line("Fix these lines. A file whose name begins with _ is left out of the chat.")
            throw ExitCode(1)
        }

        /// Interrupts a plugin that takes too long, and ends the program if it still does not stop.
        private static func stop(_ name: String) async throws {
            try await Task.sleep(for: .seconds(seconds))
            Python.interrupt()
            try await Task.sleep(for: patience)
            try? PluginsCommand.show(name, "not ok", "")
            Report.line(
                "amaru: \(PluginsCommand.path(of: name)):1: does not end, and cannot be interrupted; "
                    + "move slow work into a hook. The plugins after it were not checked."
            )
            ProcessEnd.leave(1)
        }
    }
}
