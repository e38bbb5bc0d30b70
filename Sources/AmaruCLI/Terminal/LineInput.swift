// What a terminal session knows: bytes, signals and requests in, screen text and answers out.
// SPDX-License-Identifier: Apache-2.0

/// What came of waiting for a line.
enum LineResult: Equatable, Sendable {
    /// The user entered this line; its newline is not part of it.
    case line(String)

    /// Ctrl-C while the line was being written; the line is gone.
    case interrupted

    /// No line will come any more.
    case endOfInput

    /// Tab behind this text; the line goes on when the next one is asked for.
    case completion(String)
}

/// The state machine behind `TerminalSession`, without input or output of its own.
struct LineInput: Sendable {
    /// What to do after an event: text for the screen, then perhaps an answer.
    struct Outcome: Equatable, Sendable {
        var screen = ""
        var result: LineResult?
        /// Whether the line is given up because it is longer than `lineBound`.
        var isTooLong = false
    }

    /// The bytes kept while nobody reads a line; more wait in the system.
    static let backlogBound = 64 * 1024
    /// The most that a line of a pipe or a file may have.
    static let lineBound = 16 * 1024 * 1024

    private let isInteractive: Bool
    private var prompt: String?
    private var backlog = ByteQueue()
    private var hasEnded = false
    private var editor = LineEditor()
    private var display = LineDisplay()

    init(isInteractive: Bool) {
        self.isInteractive = isInteractive
    }

    /// Whether a line is being read.
    var isReading: Bool { prompt != nil }

    /// Whether more bytes are wanted now.
    var wantsBytes: Bool { !hasEnded && (isReading || backlog.count < Self.backlogBound) }

    /// Starts to read a line; what was typed ahead counts first.
    ///
    /// - `completion`: What is typed for the user before that; nil where Tab is text.
    mutating func begin(
        prompt: String,
        completion: String? = nil,
        _ size: TerminalSize
    ) -> Outcome {
        self.prompt = prompt
        editor.completes = completion != nil
        editor.type(completion ?? "")
        return advance(size)
    }

    /// Takes bytes as they come, whether a line is being read or not.
    mutating func receive(_ bytes: some Sequence<UInt8>, _ size: TerminalSize) -> Outcome {
        backlog.append(bytes)
        return isReading ? advance(size) : Outcome()
    }

    /// Notes that no more bytes will come.
    mutating func end(_ size: TerminalSize) -> Outcome {
        hasEnded = true
        return isReading ? advance(size) : Outcome()
    }

    /// Ctrl-C: gives the line up.
    mutating func interrupt() -> Outcome {
        guard let prompt else { return Outcome() }
        var outcome = Outcome(result: .interrupted)
        if isInteractive {
            outcome.screen = display.commit(prompt: prompt, text: editor.text + Array("^C"))
            editor.clear()
        }
        self.prompt = nil
        return outcome
    }

    /// Stops reading without an answer; what was written so far is kept for the next line.
    mutating func cancel() -> Outcome {
        guard isReading else { return Outcome() }
        prompt = nil
        return Outcome(screen: display.erase())
    }

    /// The screen for a new size, or after something else has written on it.
    mutating func redraw(_ size: TerminalSize) -> Outcome {
        Outcome(screen: drawn(size))
    }

    /// Text that appears above the line being read.
    mutating func show(_ text: String, _ size: TerminalSize) -> Outcome {
        guard isReading, isInteractive else { return Outcome(screen: text) }
        let ending = text.hasSuffix("\n") || text.isEmpty ? "" : "\n"
        return Outcome(screen: display.erase() + text + ending + drawn(size))
    }

    private mutating func advance(_ size: TerminalSize) -> Outcome {
        guard isInteractive else { return advancePlain() }
        var outcome = Outcome()
        while let byte = backlog.popFirst() {
            switch editor.feed(byte) {
            case .submit(let line):
                outcome.screen += display.commit(prompt: prompt ?? "", text: Array(line))
                return finish(outcome, .line(line))
            case .endOfInput:
                outcome.screen += display.commit(prompt: prompt ?? "", text: [])
                return finish(outcome, .endOfInput)
            case .clearScreen:
                outcome.screen += display.erase() + "\u{1B}[H\u{1B}[2J"
            case .complete(let text):
                outcome.screen += display.erase()
                return finish(outcome, .completion(text))
            case nil:
                break
            }
        }
        if hasEnded { return finish(outcome, .endOfInput) }
        outcome.screen += drawn(size)
        return outcome
    }

    private mutating func advancePlain() -> Outcome {
        if let line = backlog.popLine() { return finish(Outcome(), .line(line)) }
        guard backlog.count <= Self.lineBound else {
            prompt = nil
            return Outcome(isTooLong: true)
        }
        guard hasEnded else { return Outcome() }
        let rest = backlog.popRest()
        return finish(Outcome(), rest.map { .line($0) } ?? .endOfInput)
    }

    private mutating func finish(_ outcome: Outcome, _ result: LineResult) -> Outcome {
        prompt = nil
        return Outcome(screen: outcome.screen, result: result)
    }

    private mutating func drawn(_ size: TerminalSize) -> String {
        guard let prompt, isInteractive else { return "" }
        return display.draw(
            prompt: prompt,
            text: editor.text,
            cursor: editor.cursor,
            size: size
        )
    }
}
