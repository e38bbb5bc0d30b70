// What a user sees of a conversation that goes on.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruStore

extension WholeConversation {
    /// The line that is shown when it is continued.
    var welcome: String {
        let count = branch.count == 1 ? "1 message" : "\(branch.count) messages"
        return "going on with \(conversation.id): \(ShownText.line(conversation.title)) (\(count))"
    }

    /// What the user must know before more is sent; empty if nothing.
    ///
    /// - `server`: The server that is asked now; nil for the model on this machine.
    func warnings(asking server: HTTPOrigin?) -> [String] {
        var warnings: [String] = []
        if let answered = branch.last(where: { !$0.answer.isEmpty }) {
            let url = answered.server.isEmpty ? conversation.server : answered.server
            let former = try? HTTPOrigin(parsing: url)
            if former != server {
                let name = { (origin: HTTPOrigin?) in
                    origin.map { "\($0)" } ?? "the model on this machine"
                }
                warnings.append(
                    "the whole conversation is now sent to \(name(server)); \(name(former)) "
                        + "answered before"
                )
            }
        }
        if let last = branch.last, last.answer.isEmpty, last.state == .failed {
            let question = ShownText.line(Conversation.title(of: last.question))
            warnings.append("the last message has no answer and is not sent again: \(question)")
        }
        return warnings
    }

    /// The most lines of the last question and its answer that are shown.
    private static let bounds = (question: 5, answer: 15)

    /// The last question and the end of its answer; nil if nothing is left of the branch.
    var lastExchange: String? {
        guard let last = branch.last else { return nil }
        // No more of them than may be shown: they may hold megabytes.
        let question = Self.lines(String(last.question.prefix(10_000)))
        var shown = question.prefix(Self.bounds.question).enumerated().map { index, line in
            (index == 0 ? "> " : "  ") + line
        }
        if question.count > Self.bounds.question { shown.append("  …") }
        let answer = Self.lines(String(last.answer.suffix(10_000)))
        if answer.count > Self.bounds.answer { shown.append("…") }
        shown += answer.suffix(Self.bounds.answer)
        if let mark = HistoryText.mark(of: last) { shown.append(mark) }
        return shown.joined(separator: "\n")
    }

    private static func lines(_ text: String) -> [String] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return lines.last == "" ? lines.dropLast() : lines
    }
}
