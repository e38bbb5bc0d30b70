// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Testing

@testable import AmaruCLI

/// The values of `amaru run` that are found without the parser.
@Suite struct RunWordsTests {
    @Test(arguments: [
        ["chat.py"], ["chat.py", "one", "", "two words"], ["--venv", "place", "chat.py"],
        ["--venv", "", "chat.py", "one"], ["https://example.org/chat.py"], [""],
    ])
    func `Without options they are those that the parser finds`(_ words: [String]) throws {
        let command = try #require(RunCommand.plain(words))
        #expect(described(command) == described(try RunCommand.parse(words)))
    }

    @Test(arguments: [
        [], ["--plain", "chat.py"], ["chat.py", "--plain"], ["chat.py", "--", "one"], ["-"],
        ["-c", "1"], ["-m", "json"], ["--venv", "place"], ["--venv", "--plain", "chat.py"],
        ["http://user@example.org/chat.py"], ["chat.py", "-"],
    ])
    func `Anything else is left to the parser`(_ words: [String]) {
        #expect(RunCommand.plain(words) == nil)
    }

    @Test func `The first help is the parser's`() {
        let asked = #expect(throws: (any Error).self) { try AmaruCommand.parseAsRoot(["--help"]) }
        #expect(asked.map { AmaruCommand.fullMessage(for: $0) } == AmaruCommand.helpMessage())
    }

    private func described(_ command: RunCommand) -> String {
        var text = ""
        dump(command, to: &text)
        return text
    }
}
