// Conversations as text for people.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruStore

enum HistoryText {
    /// One line for each conversation.
    static func list(_ all: [Conversation]) -> String {
        all.reduce(into: "") { $0 += line($1) }
    }

    /// Id, time and title of a conversation, and its script or model.
    static func line(_ conversation: Conversation) -> String {
        let other = conversation.script ?? conversation.model
        let origin = other.isEmpty ? "" : "  (\(other))"
        let begin = "\(conversation.id)  \(time(conversation.changed))  "
        return ShownText.line(begin + conversation.title + origin) + "\n"
    }

    static func findings(_ found: [FoundConversation]) -> String {
        found.reduce(into: "") { text, finding in
            text += line(finding.conversation) + "    \(ShownText.line(finding.excerpt))\n"
        }
    }

    /// A moment on this machine's clock.
    static func time(_ seconds: Double) -> String {
        // A file of others may hold any number.
        var moment = time_t(max(-1e11, min(1e11, seconds)))
        var parts = tm()
        localtime_r(&moment, &parts)
        let two = { (number: Int32) in (number < 10 ? "0" : "") + String(number) }
        let day = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        return "\(day) \(two(parts.tm_hour)):\(two(parts.tm_min))"
    }

    // MARK: Markdown

    /// A conversation as Markdown: its branch, or every branch from its first turn on.
    static func markdown(
        _ whole: WholeConversation,
        isWhole: Bool,
        _ prices: Configuration
    ) -> String {
        let conversation = whole.conversation
        let origin = conversation.script ?? conversation.model
        var text = "# \(ShownText.line(conversation.title))\n\n"
        text += "*\(conversation.id), \(time(conversation.created))"
        text += origin.isEmpty ? "*\n" : ", \(ShownText.line(origin))*\n"
        if let used = Spending(whole, prices).text(currency: prices.currency) {
            text += "\n*\(used)*\n"
        }
        let ends = isWhole ? whole.ends : []
        // Another branch may also be what was taken back.
        if ends.isEmpty || ends.map(\.id) == [conversation.head] {
            text += whole.branch.map(turn).joined()
        } else {
            for (index, end) in ends.enumerated() {
                let mark = end.id == conversation.head ? ", the current one" : ""
                text += "\n---\n\n*Branch \(index + 1)\(mark)*\n"
                text += whole.path(to: end.id).map(turn).joined()
            }
        }
        return EscapeFilter.clean(text)
    }

    private static func turn(_ turn: StoredTurn) -> String {
        var text = "\n## You\n\n\(turn.question)\n"
        if !turn.files.isEmpty {
            let names = turn.files.map { AttachmentSource.summary(of: $0) }
            text += "\n*Attached: \(ShownText.line(names.joined(separator: ", ")))*\n"
        }
        text += "\n## Answer\n\n"
        if !turn.answer.isEmpty { text += turn.answer + (turn.answer.hasSuffix("\n") ? "" : "\n") }
        if let mark = mark(of: turn) { text += (turn.answer.isEmpty ? "" : "\n") + "*\(mark)*\n" }
        return text
    }

    /// How a turn ended, unless as it should.
    static func mark(of turn: StoredTurn) -> String? {
        switch turn.state {
        case .finished: turn.answer.isEmpty ? "(no answer)" : nil
        case .running: "(still being answered)"
        case .stopped: "(stopped)"
        case .interrupted: "(interrupted: amaru ended before the answer did)"
        case .failed: "(failed: \(turn.reason))"
        }
    }
}
