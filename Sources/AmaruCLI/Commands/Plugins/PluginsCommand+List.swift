// `amaru plugins list`.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import ArgumentParser

extension PluginsCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the plugins, without loading any."
        )

        func run() async throws { try await PluginsCommand.readingFolder(list) }

        @PythonActor private func list() throws {
            var problems: [String] = []
            for info in try PluginsCommand.read("listing", "list_plugins") {
                let name: String = try info.name.converted()
                let hooks: [String] = try info.hooks.converted()
                let problem: String = try info.problem.converted()
                try PluginsCommand.show(name, hooks.joined(separator: " "))
                if !problem.isEmpty { problems.append(problem) }
            }
            for problem in problems { Report.line("amaru: \(problem)") }
            if !problems.isEmpty { throw ExitCode(1) }
        }
    }
}
