// Questions of `amaru history` on a terminal.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruStore

enum HistoryPicker {
    private static let shown = 20

    /// Lets the user pick one of the last conversations by its number.
    ///
    /// - Throws: `CommandFailure` off a terminal, and if none is picked.
    static func pick(from store: ConversationStore) throws -> String {
        guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
            throw CommandFailure(
                "Which conversation? Name it by its id; amaru history list shows all."
            )
        }
        let last = try store.list(atMost: shown)
        for (index, conversation) in last.enumerated() {
            let number = last.count - index
            let gap = String(repeating: " ", count: number < 10 ? 2 : 1)
            Report.text("\(gap)\(number)  \(HistoryText.line(conversation))")
        }
        let answer = ask("Number or id (Enter for 1): ")
        if answer.isEmpty, let newest = last.last { return newest.id }
        if let number = Int(answer), (1...max(1, last.count)).contains(number), !last.isEmpty {
            return last[last.count - number].id
        }
        return try store.identifier(named: answer)
    }

    /// Asks a question that only a yes goes on behind.
    ///
    /// - Throws: `CommandFailure` for anything else, and off a terminal.
    static func confirm(_ question: String) throws {
        guard isatty(STDIN_FILENO) == 1 else {
            throw CommandFailure("\(question) To say so without a terminal, write --yes.")
        }
        guard ["y", "yes"].contains(ask("\(question) [y/N] ").lowercased()) else {
            throw CommandFailure("Nothing was deleted.")
        }
    }

    private static func ask(_ question: String) -> String {
        Report.text(question)
        let line = readLine() ?? ""
        return line.filter { !$0.isWhitespace }
    }
}
