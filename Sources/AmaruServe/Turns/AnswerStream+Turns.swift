// What a page shows of a turn that is read as a whole.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
package import AmaruStore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension AnswerStream {
    /// What is shown of a turn that this process does not answer.
    ///
    /// - `log`: The entries of its log; without any, its text is all there is.
    package init(_ turn: StoredTurn, log: [StoredEvent]) {
        self.init()
        let log =
            log.isEmpty ? [StoredEvent(seq: 0, kind: "text", data: turn.answer, time: 0)] : log
        for entry in log { if let event = TurnEvent(entry) { take(event) } }
        let milliseconds = turn.milliseconds
        switch turn.state {
        case .finished: finish(.finished(reason: turn.reason), milliseconds: milliseconds)
        case .stopped: finish(.cancelled, milliseconds: milliseconds)
        case .failed:
            finish(
                .failed(ChatFailure(code: "failed", message: turn.reason)),
                milliseconds: milliseconds
            )
        case .interrupted: interrupt()
        case .running: break
        }
    }

    /// What is shown of a turn of this process.
    init(_ live: LiveTurn) {
        self.init()
        for event in live.turn.events() ?? [] { take(event) }
        if let end = live.turn.end { finish(end, after: live.time) }
    }

    mutating func finish(_ end: TurnEnd, after time: Duration) {
        if case .failed(let failure) = end, failure.code == TurnRecorder.interruption {
            return interrupt()
        }
        finish(end, milliseconds: Int(time / .milliseconds(1)))
    }
}

extension TurnEvent {
    /// An entry of the store as what it was made of; nil for one of an unknown kind.
    fileprivate init?(_ entry: StoredEvent) {
        switch entry.kind {
        case "text": self = .text(entry.data)
        case "display": self = .display(entry.data)
        case "reasoning": self = .reasoning(entry.data)
        case "notice": self = .notice(entry.data)
        case "skipped": self = .skipped(Int(entry.data) ?? 0)
        case "tool_call":
            guard let call: Call = Self.decoded(entry) else { return nil }
            self = .toolCall(name: call.name, arguments: call.arguments)
        case "usage":
            guard let usage: Usage = Self.decoded(entry) else { return nil }
            self = .usage(prompt: usage.prompt, completion: usage.completion)
        case "attachment":
            guard let file: File = Self.decoded(entry) else { return nil }
            let what = "\(file.name) (\(file.mediaType), \(file.size) bytes)"
            self = .notice("the answer has a file: \(what)")
        default: return nil
        }
    }

    private static func decoded<Value: Decodable>(_ entry: StoredEvent) -> Value? {
        try? JSONDecoder().decode(Value.self, from: Data(entry.data.utf8))
    }

    private struct Call: Decodable { let name, arguments: String }
    private struct Usage: Decodable { let prompt, completion: Int }
    private struct File: Decodable {
        let name, mediaType: String
        let size: Int

        private enum CodingKeys: String, CodingKey {
            case name, size
            case mediaType = "media_type"
        }
    }
}
