// `amaru env`: the environments that scripts' packages are in.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct EnvironmentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "List, show, lock or remove the environments that packages are installed in.",
        discussion: """
            An environment is made once for a set of packages, and found again by every script \
            that needs the same. All of them can be removed at any time: what is needed is made \
            again.
            """,
        subcommands: [
            List.self, Show.self, Path.self, Lock.self, Remove.self, Prune.self, Clear.self,
        ],
        defaultSubcommand: List.self
    )

    static var builder: EnvironmentBuilder {
        let variables = EnvironmentVariables.current
        return EnvironmentBuilder(
            cacheFolder: UserFolder.cache(in: variables),
            environment: variables
        )
    }

    /// Removes environments, and says of each what became of it; then what belongs to none.
    ///
    /// - Throws: `EnvironmentError`, `TerminalError`.
    static func remove(_ all: [CachedEnvironment], straysBefore limit: Date?) async throws {
        for cached in all {
            let isGone = try await builder.remove(cached)
            let words = isGone ? "removed" : "in use, and kept:"
            try Report.output("\(words) \(cached.name)\n")
        }
        if let limit { try await builder.removeStrays(before: limit) }
        if all.isEmpty { Report.line("There is nothing to remove.") }
    }

    /// The environment with a name, or the only one whose name begins so.
    ///
    /// - Throws: `CommandFailure`.
    static func environment(named name: String) throws -> CachedEnvironment {
        let found = builder.cached.filter { !name.isEmpty && $0.name.hasPrefix(name) }
        guard let cached = found.first, found.count == 1 else {
            throw CommandFailure(
                found.isEmpty
                    ? "There is no environment \(name). `amaru env list` names all."
                    : "There are \(found.count) environments whose names begin with \(name)."
            )
        }
        return cached
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the environments: name, day of the last use, what it was made for."
        )

        func run() async throws {
            try await Report.exiting {
                let all = EnvironmentCommand.builder.cached
                for cached in all {
                    let day = cached.lastUsed.formatted(.iso8601.year().month().day())
                    let made = cached.requirements.joined(separator: ", ")
                    try Report.output("\(cached.name)\t\(day)\t\(made)\n")
                }
                if all.isEmpty { Report.line("There are no environments.") }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show the path of an environment, and its packages."
        )

        @Argument(
            help: "A script, a folder with a main.py, or the beginning of an environment's name.",
            completion: .file(extensions: ["py"])
        )
        var name: String

        func run() async throws {
            try await Report.exiting {
                let cached = try await EnvironmentCommand.environment(of: name)
                let lines = [cached.root.path] + cached.packages
                try Report.output(lines.map { $0 + "\n" }.joined())
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove",
            abstract: "Remove an environment."
        )

        @Argument(help: "The name of an environment, or its beginning.")
        var name: String

        func run() async throws {
            try await Report.exiting {
                let cached = try EnvironmentCommand.environment(named: name)
                try await EnvironmentCommand.remove([cached], straysBefore: nil)
            }
        }
    }

    struct Prune: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "prune",
            abstract: "Remove the environments that were not used for a while."
        )

        @Option(help: "The number of days without use.")
        var days = 30

        func validate() throws {
            guard (0...100_000).contains(days) else {
                throw ValidationError("--days is a number of days from 0 on.")
            }
        }

        func run() async throws {
            try await Report.exiting {
                let limit = Date(timeIntervalSinceNow: -Double(days) * 86_400)
                let old = EnvironmentCommand.builder.cached.filter { $0.lastUsed < limit }
                try await EnvironmentCommand.remove(old, straysBefore: limit)
            }
        }
    }

    struct Clear: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "clear",
            abstract: "Remove all environments and unpacked scripts that no program uses."
        )

        func run() async throws {
            try await Report.exiting {
                let all = EnvironmentCommand.builder.cached
                try await EnvironmentCommand.remove(all, straysBefore: .distantFuture)
            }
        }
    }
}
