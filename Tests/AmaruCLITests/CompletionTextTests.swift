// What Tab finds in a conversation, and how a choice is shown.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruCLI

@Suite struct CompletionTextTests {
    private let folder: TemporaryFolder
    private let completer: ChatCompleter

    init() throws {
        folder = try TemporaryFolder()
        for name in ["notes.md", "notes two.md", "other/deep.txt", ".hidden"] {
            try folder.write("", to: name)
        }
        var completer = ChatCompleter(variables: ["HOME": folder.path]) {
            ["help", "model", "models", "retry"]
        }
        // Beside other tests a look into a folder may take seconds.
        completer.patience = .seconds(60)
        completer.arguments["model"] = { ["gpt-4.1", "gpt-4o", "llama"] }
        self.completer = completer
    }

    @Test(
        "A command and what follows it are completed",
        arguments: [
            ("/h", "elp ", 1), ("/mo", "del", 2), ("/model", "", 2), ("/models", " ", 1),
            ("/model gp", "t-4", 2), ("/model gpt-4o", " ", 1), ("/model x", "", 0),
            ("/retry x", "", 0), ("/model gpt-4o x", "", 0), ("/x", "", 0), ("/", "", 4),
        ]
    )
    func commands(line: String, rest: String, count: Int) async {
        let found = await completer.complete(line)
        #expect(found.rest == rest)
        #expect(found.words.count == count)
    }

    @Test(
        "A path behind an at sign is completed",
        arguments: [
            ("see @~/no", ["~/notes.md ", "~/notes\\ two.md "]),
            ("@~/notes\\ ", ["~/notes\\ two.md "]), ("@~/ot", ["~/other/"]),
            ("@~/other/", ["~/other/deep.txt "]), ("@~/.h", ["~/.hidden "]), ("@~/none/", []),
        ]
    )
    func paths(line: String, words: [String]) async {
        #expect(ChatCompleter.knows(line, isFirst: false))
        #expect(await completer.complete(line).words == words)
    }

    @Test(
        "Elsewhere Tab is text",
        arguments: ["word", "me@example", "@a file", "", "  ", "see /h"]
    )
    func text(line: String) {
        #expect(!ChatCompleter.knows(line, isFirst: true))
        #expect(!ChatCompleter.knows("/h", isFirst: false))
    }

    @Test func `A choice is shown in columns, and a long one in part`() {
        let names = (1...7).map { "name\($0) " }
        let size = TerminalSize(columns: 22, rows: 24)
        let table = Completion(word: "n", words: names).table(size)
        #expect(table == "name1  name4  name7\nname2  name5\nname3  name6\n")
        let paths = Completion(word: "a/", words: ["a/b/", "a/日本 "]).table(size)
        #expect(paths == "b/    日本\n")
        let many = Completion(words: (10...99).map { "\($0) " })
        let shown = many.table(TerminalSize(columns: 9, rows: 8)).split(separator: "\n")
        #expect(shown.count == 5 && shown.last == "… and 82 more")
        #expect(Completion(word: "x", words: ["xy "]).table(size) == "")
    }
}
