// How the branches of a conversation are told apart.
// SPDX-License-Identifier: Apache-2.0

import AmaruStore
import Testing

@testable import AmaruCLI

@Suite struct BranchListTests {
    /// A conversation of turns with an id, a parent, a question and an answer.
    private func list(
        _ turns: [(id: Int64, parent: Int64?, question: String, answer: String)],
        head: Int64?
    ) -> BranchList {
        var conversation = Conversation(title: "t", model: "m", at: 0)
        conversation.head = head
        return BranchList(
            WholeConversation(
                conversation: conversation,
                turns: turns.map { turn in
                    var stored = StoredTurn(
                        id: turn.id,
                        parent: turn.parent,
                        question: turn.question,
                        model: "m",
                        at: 0
                    )
                    stored.answer = turn.answer
                    return stored
                }
            )
        )
    }

    @Test func `Branches with the same question differ in their answers`() {
        let branches = list([(1, nil, "one", "a"), (2, 1, "two", "b"), (3, 1, "two", "")], head: 3)
        #expect(
            branches.text(columns: 80) == """
                  1  answer: b (2 messages)
                * 2  answer: (still being answered) (2 messages)
                """
        )
        #expect(
            branches.row(of: 1, begin: "Branch 1: ", columns: 80)
                == "Branch 1: answer: b (2 messages)"
        )
    }

    @Test func `Equal answers differ in number and time`() {
        let turns: [(Int64, Int64?, String, String)] = [
            (1, nil, "one", "a"), (2, nil, "one", "a"), (3, nil, "one", "b"),
        ]
        let time = HistoryText.time(0)
        #expect(
            list(turns, head: 2).text(columns: 80) == """
                  1  answer 1, \(time): a (1 message)
                * 2  answer 2, \(time): a (1 message)
                  3  answer: b (1 message)
                """
        )
    }

    @Test func `A branch is named by its first message that no other has`() {
        let turns: [(Int64, Int64?, String, String)] = [
            (1, nil, "one", "a"), (2, 1, "two\nlines", "b"), (3, 2, "deeper", "c"),
            (4, 1, "other", "d"),
        ]
        #expect(
            list(turns, head: 4).text(columns: 80) == """
                  1  two lines (3 messages)
                * 2  other (2 messages)
                """
        )
        #expect(list([turns[0]], head: 1).text(columns: 80) == "* 1  one (1 message)")
    }

    @Test func `What was taken back leaves the current place in the list`() {
        let turns: [(Int64, Int64?, String, String)] = [(1, nil, "one", "a"), (2, 1, "two", "b")]
        #expect(
            list(turns, head: 1).text(columns: 80) == """
                  1  two (2 messages)
                *    after: one (1 message)
                """
        )
        #expect(
            list(turns, head: nil).text(columns: 80).hasSuffix("\n*    the beginning (0 messages)")
        )
    }

    @Test(arguments: [(1, 1), (2, nil), (0, nil), (-1, nil), (.min, nil), (.max, nil)])
    func `A branch is found by its number`(_ number: Int, _ id: Int64?) {
        #expect(list([(1, nil, "one", "a")], head: 1).end(of: number)?.id == id)
    }

    @Test func `Rows are cut to the width`() {
        let long = String(repeating: "word ", count: 50)
        let rows = list([(1, nil, long, "a")], head: 1).text(columns: 40)
        #expect(rows == "* 1  word word word word w… (1 message)")
        #expect(rows.count == 39)
    }
}
