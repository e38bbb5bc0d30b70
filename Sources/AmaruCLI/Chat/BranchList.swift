// The branches of a conversation, for a user who is to choose one.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruStore

/// The branches of a conversation, each by what the others do not have.
///
/// ```
///   1  What is a quipu? (2 messages)
/// * 2  answer: A record of knots and cords, which … (2 messages)
/// ```
struct BranchList {
    private let whole: WholeConversation
    private let ends: [StoredTurn]
    /// The turns up to the end of each branch.
    private let paths: [[StoredTurn]]
    /// The number of branches that a turn belongs to.
    private let uses: [Int64: Int]

    init(_ whole: WholeConversation) {
        self.whole = whole
        let ends = whole.ends
        let paths = ends.map { whole.path(to: $0.id) }
        self.ends = ends
        self.paths = paths
        uses = paths.joined().reduce(into: [:]) { $0[$1.id, default: 0] += 1 }
    }

    /// The last turn of a branch, by its number from 1.
    func end(of number: Int) -> StoredTurn? {
        PickList.index(of: number, in: ends.indices).map { ends[$0] }
    }

    /// A row for each branch, with a mark at the current one.
    func text(columns: Int) -> String {
        let head = whole.conversation.head
        var rows = ends.indices.map { index in
            let mark = ends[index].id == head ? "*" : " "
            return row(of: index + 1, begin: "\(mark) \(index + 1)  ", columns: columns)
        }
        // What came after it was taken back.
        if !ends.contains(where: { $0.id == head }) {
            let branch = whole.branch
            let place = branch.last.map { "after: \(Self.line($0.question))" } ?? "the beginning"
            rows.append(Self.row("*    ", place, branch.count, columns))
        }
        return rows.joined(separator: "\n")
    }

    /// What a branch has of its own, and how many messages.
    func row(of number: Int, begin: String, columns: Int) -> String {
        let path = paths[number - 1]
        return Self.row(begin, difference(of: path), path.count, columns)
    }

    /// The first message that no other branch has.
    private func difference(of path: [StoredTurn]) -> String {
        let isAlone = paths.count == 1
        let own = isAlone ? path.last : path.first { uses[$0.id] == 1 } ?? path.last
        guard let own else { return "" }
        let twins = whole.turns.filter { $0.parent == own.parent && $0.question == own.question }
        guard twins.count > 1 else { return Self.line(own.question) }
        let text = Self.line(own.answer)
        let shown = text.isEmpty ? HistoryText.mark(of: own) ?? "" : text
        var (number, isAmbiguous) = (1, false)
        for (index, twin) in twins.enumerated() {
            if twin.id == own.id {
                number = index + 1
            } else if !isAmbiguous {
                isAmbiguous = Self.line(twin.answer) == text
            }
        }
        guard isAmbiguous else { return "answer: \(shown)" }
        return "answer \(number), \(HistoryText.time(own.started)): \(shown)"
    }

    /// The beginning of a text on one line: it may hold megabytes.
    private static func line(_ text: String) -> String {
        let words = text.prefix(1000).split(whereSeparator: \.isWhitespace)
        return ShownText.line(words.joined(separator: " "))
    }

    private static func row(
        _ begin: String,
        _ text: String,
        _ count: Int,
        _ columns: Int
    ) -> String {
        let end = count == 1 ? " (1 message)" : " (\(count) messages)"
        let room = columns - 1 - CellWidth.of(begin) - end.count
        return begin + CellWidth.cut(text, to: max(8, room)) + end
    }
}
