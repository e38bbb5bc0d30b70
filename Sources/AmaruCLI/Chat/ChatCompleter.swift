// What Tab completes in a conversation: slash commands, what follows them, and files.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Finds how the last word of a message may go on.
///
/// The names come from closures, so that each part of the program supplies its own:
///
/// ```swift
/// var completer = ChatCompleter(variables: variables) { await session.commandNames() }
/// completer.arguments["model"] = { await models.names() }
/// ```
struct ChatCompleter: Sendable {
    typealias Names = @Sendable () async -> [String]

    /// The user's home, for `~/`.
    let home: String
    /// The commands, without their slash.
    let commands: Names
    /// What may follow a command, by its name.
    var arguments: [String: Names] = [:]

    /// How long names are waited for: Python may be busy, a disk far away.
    var patience = Duration.seconds(1)

    /// Describes what is completed; nothing is looked up yet.
    ///
    /// - `variables`: The process's variables, of which HOME counts.
    init(variables: [String: String], commands: @escaping Names) {
        home = UserFolder.home(in: variables).path
        self.commands = commands
    }

    /// Whether a line up to the cursor is one that Tab completes; elsewhere Tab is text.
    static func knows(_ line: String, isFirst: Bool) -> Bool {
        isFirst && line.first == "/" || path(in: line) != nil
    }

    /// Finds how a line up to the cursor may go on.
    func complete(_ line: String) async -> Completion {
        if let path = Self.path(in: line) {
            let folder = FolderListing(home: home)
            let found = try? await abandonable(within: patience) {
                try await blockingCall("amaru-complete") { folder.paths(beginning: path) }
            }
            return Completion(word: path, words: found ?? [])
        }
        let words = line.dropFirst().split(separator: " ", omittingEmptySubsequences: false)
        guard words.count > 1 else {
            return await completion(of: String(words.first ?? ""), from: commands)
        }
        guard words.count == 2, let names = arguments[String(words[0])] else { return Completion() }
        return await completion(of: String(words[1]), from: names)
    }

    private func completion(of word: String, from names: @escaping Names) async -> Completion {
        let known = try? await abandonable(within: patience) { await names() }
        let words = Set(known ?? []).filter { $0.hasPrefix(word) }.sorted()
        return Completion(word: word, words: words.map { $0 + " " })
    }

    /// The path after the last `@` that begins a word.
    private static func path(in line: String) -> String? {
        guard let sign = line.lastIndex(of: "@") else { return nil }
        let before = line[..<sign]
        guard before.last?.isWhitespace ?? true else { return nil }
        let path = String(line[line.index(after: sign)...])
        // A blank ends it, unless a backslash precedes it.
        let isOpen = zip(" " + path, path).allSatisfy { $1 != " " || $0 == "\\" }
        return isOpen ? path : nil
    }
}
