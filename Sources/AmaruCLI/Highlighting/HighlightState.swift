// Code that goes to a highlighter, and the colours that come back: a state machine without I/O.
// SPDX-License-Identifier: Apache-2.0

import AmaruMarkdown

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What is known of the highlighter's process and of each piece of code.
///
/// A piece of code that a highlighter doesn't know, or is late with, stays plain from there on.
struct HighlightState {
    typealias Instant = ContinuousClock.Instant

    /// How long code waits for its colours.
    struct Limits: Equatable, Sendable {
        /// For the first answer of a process, which starts.
        var start = Duration.seconds(1)
        /// For the next answer, and for the answer to one line.
        var (stall, total) = (Duration.milliseconds(250), Duration.seconds(1))
        /// At the end of the model's answer.
        var end = Duration.milliseconds(300)

        /// The usual limits, or one for all.
        init(_ limit: Duration? = nil) {
            guard let limit else { return }
            (start, stall, total, end) = (limit, limit, limit, limit)
        }

        static func == (one: Limits, other: Limits) -> Bool {
            (one.start, one.stall, one.total, one.end)
                == (other.start, other.stall, other.total, other.end)
        }
    }

    enum Action: Equatable {
        case start
        case send(String)
        case stop
    }

    private enum Phase { case idle, running, off }

    private struct Code {
        var isPlain = false
        /// The colours that have come and were not taken.
        var known: [[CodeSpan]] = []
        var answered = 0
        /// When each line came that has no colours yet, and its size.
        var waiting: [(since: Instant, size: Int)] = []
    }

    private struct Request: Encodable {
        var code: Int
        var language: String?
        var text: String?
    }

    fileprivate struct Answer: Decodable {
        var code: Int
        var line: Int?
        var lengths: [Int]?
        var styles: String?
    }

    /// The longest line, and all lines that are on their way.
    private static let (longestLine, room) = (4000, 128 * 1024)
    /// The age of a line that tells of a process that is stuck, and the processes that may be.
    private static let (stuck, mostFailures) = (Duration.seconds(3), 3)

    let limits: Limits
    private var phase = Phase.idle
    private var codes: [Int: Code] = [:]
    private var last = 0
    private var failures = 0
    private var onTheWay = 0
    /// When the process has last answered; nil before its first answer.
    private var progress: Instant?

    init(limits: Limits = Limits()) { self.limits = limits }

    // MARK: Code

    /// Begins a piece of code; nil if it stays plain.
    mutating func begin(_ language: String, at now: Instant) -> (number: Int, [Action])? {
        guard phase != .off else { return nil }
        let oldest = codes.values.compactMap { $0.waiting.first?.since }.min()
        if let oldest, now - max(oldest, progress ?? oldest) > max(Self.stuck, limits.total) {
            return (add(Code(isPlain: true)), [.stop])
        }
        let number = add(Code())
        let actions = phase == .idle ? [Action.start] : []
        phase = .running
        return (number, actions + [.send(Self.line(Request(code: number, language: language)))])
    }

    private mutating func add(_ code: Code) -> Int {
        last += 1
        codes[last] = code
        return last
    }

    /// Takes the next line of a piece of code.
    mutating func append(_ line: String, to number: Int, at now: Instant) -> [Action] {
        guard var code = codes[number], !code.isPlain else { return [] }
        let size = line.utf8.count
        guard size <= Self.longestLine, onTheWay + size <= Self.room else {
            giveUp(number)
            return []
        }
        code.waiting.append((now, size))
        codes[number] = code
        onTheWay += size
        return [.send(Self.line(Request(code: number, text: line)))]
    }

    /// Whether what follows of the code stays plain.
    func isPlain(_ number: Int) -> Bool { codes[number]?.isPlain ?? true }

    /// Waits no longer for the colours of a piece of code.
    mutating func giveUp(_ number: Int) {
        guard let code = codes[number] else { return }
        onTheWay -= code.waiting.reduce(0) { $0 + $1.size }
        codes[number]?.isPlain = true
        codes[number]?.waiting = []
    }

    /// Ends a piece of code, whose colours are not wanted any more.
    mutating func finish(_ number: Int) -> [Action] {
        giveUp(number)
        codes[number] = nil
        return phase == .running ? [.send(Self.line(Request(code: number)))] : []
    }

    /// The colours of the next lines; nil while they may still come.
    mutating func take(_ count: Int, of number: Int, at now: Instant) -> [[CodeSpan]?]? {
        guard let code = codes[number] else { return Array(repeating: nil, count: count) }
        if code.known.count < count {
            if !code.isPlain, !isLate(code, now) { return nil }
            giveUp(number)
        }
        let known: [[CodeSpan]?] = code.known.prefix(count).map { $0 }
        codes[number]?.known.removeFirst(known.count)
        return known + Array(repeating: nil, count: count - known.count)
    }

    private func isLate(_ code: Code, _ now: Instant) -> Bool {
        guard let first = code.waiting.first?.since else { return false }
        guard let progress else { return now - first > limits.start }
        return now - max(first, progress) > limits.stall || now - first > limits.total
    }

    // MARK: The process

    /// The process has written a line.
    mutating func receive(_ line: String, at now: Instant) {
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(line.utf8)) else {
            return
        }
        progress = now
        guard let code = codes[answer.code], !code.isPlain else { return }
        guard let spans = answer.spans, answer.line == code.answered, !code.waiting.isEmpty else {
            return giveUp(answer.code)
        }
        onTheWay -= codes[answer.code]?.waiting.removeFirst().size ?? 0
        codes[answer.code]?.known.append(spans)
        codes[answer.code]?.answered += 1
    }

    /// The process has ended, or has not started.
    mutating func end() {
        for number in codes.keys { giveUp(number) }
        failures += 1
        progress = nil
        phase = failures < Self.mostFailures ? .idle : .off
    }

    /// There is no highlighter: code stays plain until there is.
    mutating func lack() {
        end()
        (failures, phase) = (0, .off)
    }

    /// There is one now.
    mutating func obtain() { phase = .idle }

    private static func line(_ request: Request) -> String { JSONText.line(request) + "\n" }
}

extension HighlightState.Answer {
    /// The styles by their letters; any other letter means none.
    private static let named: [Character: TextStyle] = [
        "c": .dim, "d": .red, "f": .blue, "h": .bold, "k": .magenta, "n": .cyan, "s": .green,
    ]

    fileprivate var spans: [CodeSpan]? {
        guard let lengths, let styles, lengths.count == styles.count else { return nil }
        // No longer than any line: sums of them can't overflow.
        guard lengths.allSatisfy({ (0...1 << 16).contains($0) }) else { return nil }
        return zip(lengths, styles).map { CodeSpan(length: $0, style: Self.named[$1] ?? []) }
    }
}
