// What an answer took, for `--verbose`.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruHTTP

/// The times and tokens of one answer: a value, told what happens and when.
struct AnswerFigures {
    private let start: ContinuousClock.Instant
    private var firstToken: ContinuousClock.Instant?
    private var pieces = 0
    /// The tokens of the whole turn, once the server has counted them.
    private(set) var usage: TokenUsage?

    init(at start: ContinuousClock.Instant = .now) { self.start = start }

    /// Takes note of an event.
    mutating func note(_ event: TurnEvent, at time: ContinuousClock.Instant = .now) {
        switch event {
        case .text, .reasoning, .toolCall, .display, .attachment:
            firstToken = firstToken ?? time
            pieces += 1
        case .usage(let prompt, let completion):
            usage = TokenUsage(prompt: prompt, completion: completion)
        case .notice, .stalled, .retrying, .skipped:
            break
        }
    }

    /// The figures as one line; nil if nothing has come.
    ///
    /// All times but the start count from when the request left, if that is known.
    ///
    /// - `exchange`: When the steps of the request happened, as far as that is known.
    func line(
        _ end: TurnEnd,
        _ exchange: HTTPExchangeTimings?,
        at time: ContinuousClock.Instant = .now
    ) -> String? {
        guard let firstToken else { return nil }
        var parts: [String] = []
        let departure = exchange?.departure(from: start, before: firstToken)
        let begin = departure ?? start
        if let exchange, let opened = departure {
            parts.append("start \(Self.text(opened - start))")
            if let connected = exchange.connected {
                parts.append("connection \(Self.text(connected - opened))")
            }
            if let head = exchange.firstByte {
                parts.append("response \(Self.text(head - opened))")
            }
        }
        parts.append("first token \(Self.text(firstToken - begin))")
        parts.append("whole answer \(Self.text(time - begin))")
        parts.append(tokens(until: time))
        if case .finished(let reason) = end { parts.append("finish reason \(reason)") }
        return "answer: " + parts.joined(separator: ", ")
    }

    private func tokens(until time: ContinuousClock.Instant) -> String {
        guard let usage else { return "tokens not counted by the server" }
        let text = "\(usage.prompt) + \(usage.completion) tokens"
        // What came in one piece has no rate.
        guard pieces > 1, let firstToken, time > firstToken, usage.completion > 1
        else { return text }
        let rate = Double(usage.completion - 1) / ((time - firstToken) / .seconds(1))
        return "\(text), \(Self.decimal(rate)) tokens/s"
    }

    private static func text(_ duration: Duration) -> String {
        duration < .seconds(1)
            ? "\(Int((duration / .milliseconds(1)).rounded())) ms"
            : "\(decimal(duration / .seconds(1))) s"
    }

    private static func decimal(_ value: Double) -> String {
        let tenths = Int(min(value * 10, 1e15).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}

extension HTTPExchangeTimings {
    /// When the request of an answer left; nil if this is no exchange of the answer.
    ///
    /// - `start`: When the question was asked.
    /// - `firstToken`: When the answer began; a later exchange is one that the answer led to.
    func departure(
        from start: ContinuousClock.Instant,
        before firstToken: ContinuousClock.Instant?
    ) -> ContinuousClock.Instant? {
        guard let opened, opened >= start, firstToken.map({ $0 >= opened }) ?? true else {
            return nil
        }
        return opened
    }
}
