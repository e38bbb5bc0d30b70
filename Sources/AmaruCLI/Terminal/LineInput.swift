// What a terminal session knows: bytes, signals and requests in, screen text and answers out.
// SPDX-License-Identifier: Apache-2.0

/// The state machine behind `TerminalSession`, without input or output of its own.
///
/// While no line is asked for, what is typed waits as bytes, unseen. Between the lines of a
/// conversation it is edited and shown below the output instead: see `typeAhead(_:_:)`.
struct LineInput: Sendable {
    /// What to do after an event: text for the screen, then perhaps an answer.
    struct Outcome: Equatable, Sendable {
        var screen = ""
        var result: LineResult?
        /// Whether the line is given up because it is longer than `lineBound`.
        var isTooLong = false
    }

    private enum Queued: Equatable {
        case line(String)
        case endOfInput
    }

    /// The bytes kept while nobody reads a line; more wait in the system.
    static let backlogBound = 64 * 1024
    /// The most that a line of a pipe or a file may have.
    static let lineBound = 16 * 1024 * 1024

    private let isInteractive: Bool
    /// Whether the output is followed, so that a row can be shown below it.
    private let followsOutput: Bool
    /// What stands below the output until more of that comes.
    private var status: String?
    private var request: LineRequest?
    private var ahead: LineRequest?
    private var queue: [Queued] = []
    private var backlog = ByteQueue()
    private var hasEnded = false
    private var editor = LineEditor()
    private var display = LineDisplay()
    /// Where the output ends that a line typed ahead is shown below.
    private var output = OutputColumn()
    /// Whether the row above the line typed ahead is to be gone on with.
    private var isBelowRow = false
    /// Whether that row was full, so that a letter belongs to the next one, and all else to it; also
    /// one whose end is not known.
    private var wasFull = false
    /// Whether the next line begins with a Ctrl-C.
    private var isInterrupted = false

    init(isInteractive: Bool, followsOutput: Bool = false) {
        self.isInteractive = isInteractive
        self.followsOutput = isInteractive || followsOutput
    }

    /// Whether a line is being read.
    var isReading: Bool { request != nil }

    /// Whether more bytes are wanted now.
    var wantsBytes: Bool {
        if hasEnded { return false }
        if isReading { return true }
        guard ahead != nil else { return backlog.count < Self.backlogBound }
        let typed = queue.reduce(editor.size(upTo: Self.backlogBound)) { size, entry in
            if case .line(let line) = entry { size + line.utf8.count + 1 } else { size + 1 }
        }
        return typed < Self.backlogBound
    }

    // MARK: A line

    /// Starts to read a line; what was typed ahead counts first.
    mutating func begin(_ request: LineRequest, _ size: TerminalSize) -> Outcome {
        var outcome = Outcome(screen: hide(size))
        if isInteractive, output.column > 0 {
            outcome.screen += "\n"
            output = OutputColumn()
        }
        self.request = request
        editor.kind = request.kind
        if !request.history.isEmpty { editor.remember(request.history, as: request.kind) }
        switch request.change {
        case .type(let text): editor.type(text)
        case .replace(let text): editor.replace(by: text)
        case nil: break
        }
        let rest: Outcome
        if isInterrupted {
            rest = beginInterrupted(size)
        } else if queue.isEmpty {
            rest = advance(size)
        } else if case .line(let line) = queue.removeFirst() {
            rest = enter(line, size)
        } else {
            rest = leave(size)
        }
        outcome.screen += rest.screen
        outcome.result = rest.result
        outcome.isTooLong = rest.isTooLong
        return outcome
    }

    /// Takes bytes as they come, whether a line is being read or not.
    mutating func receive(_ bytes: some Sequence<UInt8>, _ size: TerminalSize) -> Outcome {
        backlog.append(bytes)
        if isReading { return advance(size) }
        return ahead == nil || !isInteractive ? Outcome() : advanceAhead(size)
    }

    /// Notes that no more bytes will come.
    mutating func end(_ size: TerminalSize) -> Outcome {
        hasEnded = true
        return isReading ? advance(size) : Outcome()
    }

    /// Ctrl-C: gives the line up.
    mutating func interrupt(_ size: TerminalSize) -> Outcome {
        guard let request else { return Outcome() }
        guard isInteractive else { return finish("", .interrupted, size) }
        let text = editor.search?.draft.text ?? editor.buffer.text
        editor.clear()
        let shown = display.commit(prompt: request.prompt, text: text + Array("^C"), size)
        return finish(shown, text.isEmpty ? .interrupted : .cleared, size)
    }

    /// Ctrl-C between two lines: gives the next one up.
    mutating func interruptNext() { isInterrupted = true }

    /// Gives a line up that is empty.
    ///
    /// What was typed for it is kept, but not sent: the Ctrl-C may have been meant for what ended
    /// just before.
    private mutating func beginInterrupted(_ size: TerminalSize) -> Outcome {
        isInterrupted = false
        guard isInteractive else { return interrupt(size) }
        while takeBack() {}
        let outcome = advance(size)
        guard isReading, editor.buffer.text.isEmpty else { return outcome }
        let end = interrupt(size)
        return Outcome(screen: outcome.screen + end.screen, result: end.result)
    }

    /// Stops reading without an answer; what was written so far is kept for the next line.
    mutating func cancel(_ size: TerminalSize) -> Outcome {
        guard isReading else { return Outcome() }
        request = nil
        return Outcome(screen: hide(size) + drawn(size))
    }

    // MARK: The screen

    /// The screen for a new size, or after something else has written on it.
    mutating func redraw(_ size: TerminalSize) -> Outcome {
        Outcome(screen: hide(size) + drawn(size))
    }

    /// Takes the line off the screen, before something else is to use that.
    mutating func leaveScreen(_ size: TerminalSize) -> Outcome { Outcome(screen: hide(size)) }

    /// Text that appears above the line being read, or typed ahead.
    mutating func show(_ text: String, _ size: TerminalSize) -> Outcome {
        guard followsOutput else { return Outcome(screen: text) }
        var screen = hide(size)
        if wasFull, let goesOn = OutputColumn.startsWithLetter(text) {
            wasFull = false
            if !goesOn {
                screen += "\u{1B}[1A\r\u{1B}[\(size.columns - 1)C"
                output = OutputColumn(column: size.columns - 1, columns: size.columns)
            }
        }
        output.follow(text, columns: size.columns)
        screen += text
        if isReading, isInteractive, output.column > 0 {
            screen += "\n"
            output.follow("\n", columns: size.columns)
        }
        return Outcome(screen: screen + drawn(size))
    }

    /// Notes that output was dropped, so that nobody knows where the cursor stands.
    mutating func loseOutput(_ size: TerminalSize) -> Outcome {
        guard followsOutput, !isReading else { return Outcome() }
        let wasDrawn = display.isDrawn
        display = LineDisplay()
        output = OutputColumn()
        isBelowRow = false
        guard wasDrawn else { return Outcome() }
        // Ends a sequence that was cut, and the row.
        return Outcome(screen: "\u{18}\u{1B}[0m\n" + drawn(size))
    }

    /// Takes the drawing away and leaves the cursor where the output ends.
    private mutating func hide(_ size: TerminalSize) -> String {
        guard display.isDrawn else { return "" }
        var screen = display.erase(size)
        guard isBelowRow else { return screen }
        isBelowRow = false
        guard output.canGoOn(columns: size.columns) else {
            (output, wasFull) = (OutputColumn(), true)
            return screen
        }
        screen += "\u{1B}[1A\r"
        if output.column > 0 { screen += "\u{1B}[\(output.column)C" }
        return screen
    }

    private mutating func drawn(_ size: TerminalSize) -> String {
        guard let request else { return drawnAhead(size) }
        guard isInteractive else { return "" }
        return display.draw(
            prompt: editor.search?.prompt ?? request.prompt,
            text: editor.buffer.text,
            cursor: editor.buffer.cursor,
            size: size
        )
    }

    /// Shows a row of this width at most below the output while no line is read; nil for no row.
    mutating func show(status row: String?, _ size: TerminalSize) -> Outcome {
        guard followsOutput, row != status else { return Outcome() }
        status = row
        return Outcome(screen: isReading ? "" : drawnAhead(size))
    }

    /// Shows a line above the row below the output; nil if there is no such row.
    mutating func show(aboveStatus line: String, _ size: TerminalSize) -> Outcome? {
        guard status != nil else { return nil }
        return show((output.column > 0 ? "\n" : "") + line + "\n", size)
    }

    /// Draws below the output what is waited for, and what is typed ahead: two rows at most of
    /// that, which leaves the rest of the screen to what is written above.
    private mutating func drawnAhead(_ size: TerminalSize) -> String {
        let isTyped =
            ahead != nil
            && (!queue.isEmpty || !editor.buffer.text.isEmpty || editor.search != nil)
        guard isTyped || status != nil else { return hide(size) }
        var start = ""
        if !display.isDrawn, output.column > 0 {
            start = "\n"
            isBelowRow = output.canGoOn(columns: size.columns)
            if !isBelowRow { (output, wasFull) = (OutputColumn(), true) }
        }
        guard isTyped, let ahead else {
            return start + display.draw(prompt: status ?? "", text: [], cursor: 0, size: size)
        }
        // A tiny screen has room for the line alone.
        let above = size.rows > 4 ? [status, queuedRow(size)] : [queuedRow(size)]
        return start
            + display.draw(
                above: above.compactMap(\.self),
                prompt: editor.search?.prompt ?? ahead.prompt,
                text: editor.buffer.text,
                cursor: editor.buffer.cursor,
                limit: queue.isEmpty ? 2 : 1,
                size: size
            )
    }

    /// What waits to be sent, in one row.
    private func queuedRow(_ size: TerminalSize) -> String? {
        guard let last = queue.last else { return nil }
        let count = queue.count > 1 ? "\(queue.count) queued, last" : "queued"
        let line = if case .line(let line) = last { line } else { "Ctrl-D" }
        let text =
            "\(count): "
            + line.prefix(size.columns)
            .map { $0.isNewline ? "⏎" : $0 == "\t" ? " " : String($0) }.joined()
        return CellWidth.cut(text, to: size.columns - 1)
    }
}

// MARK: - Bytes

extension LineInput {
    private mutating func advance(_ size: TerminalSize) -> Outcome {
        guard isInteractive else { return advancePlain(size) }
        var screen = ""
        while let byte = backlog.popFirst() {
            switch editor.feed(byte) {
            case .submit(let line):
                keep(line, of: request)
                let outcome = enter(line, size)
                return Outcome(screen: screen + outcome.screen, result: outcome.result)
            case .endOfInput:
                let outcome = leave(size)
                return Outcome(screen: screen + outcome.screen, result: outcome.result)
            case .clearScreen:
                screen += display.erase(size) + "\u{1B}[H\u{1B}[2J"
            case .complete(let text):
                return finish(screen + display.erase(size), .completion(text), size)
            case .edit(let text):
                return finish(screen + display.erase(size), .editing(text), size)
            case .takeBack, nil:
                break
            }
        }
        editor.settle()
        if hasEnded { return finish(screen, .endOfInput, size) }
        return Outcome(screen: screen + drawn(size))
    }

    private mutating func advancePlain(_ size: TerminalSize) -> Outcome {
        if let line = backlog.popLine() {
            request?.keep?(line)
            return finish("", .line(line), size)
        }
        guard backlog.count <= Self.lineBound else {
            request = nil
            return Outcome(isTooLong: true)
        }
        guard hasEnded else { return Outcome() }
        let rest = backlog.popRest()
        return finish("", rest.map { .line($0) } ?? .endOfInput, size)
    }

    private mutating func keep(_ line: String, of request: LineRequest?) {
        guard let request else { return }
        editor.remember([line], as: request.kind)
        request.keep?(line)
    }

    /// Returns a line to its reader, and leaves it on the screen.
    private mutating func enter(_ line: String, _ size: TerminalSize) -> Outcome {
        guard let request else { return Outcome() }
        let shown = display.commit(prompt: request.prompt, text: Array(line), size)
        return finish(shown, .line(line), size)
    }

    /// Ends the input by Ctrl-D.
    private mutating func leave(_ size: TerminalSize) -> Outcome {
        finish(display.commit(prompt: request?.prompt ?? "", text: [], size), .endOfInput, size)
    }

    private mutating func finish(
        _ screen: String,
        _ result: LineResult,
        _ size: TerminalSize
    ) -> Outcome {
        request = nil
        guard isInteractive, let ahead else { return Outcome(screen: screen, result: result) }
        editor.kind = ahead.kind
        return Outcome(screen: screen + drawn(size), result: result)
    }
}

// MARK: - Typing ahead

extension LineInput {
    /// Shows what is typed below the output while no line is read, and keeps the lines entered for
    /// the next ones; nil for bytes that wait unseen.
    mutating func typeAhead(_ request: LineRequest?, _ size: TerminalSize) -> Outcome {
        guard isInteractive else { return Outcome() }
        ahead = request
        guard !isReading else { return Outcome() }
        guard let request else { return Outcome(screen: hide(size)) }
        editor.kind = request.kind
        return advanceAhead(size)
    }

    /// Puts the lines that wait for their turn back into the line being typed.
    mutating func takeBackQueue(_ size: TerminalSize) -> Outcome {
        guard isInteractive, !isReading, !queue.isEmpty else { return Outcome() }
        let screen = hide(size)
        while takeBack() {}
        return Outcome(screen: screen + drawn(size))
    }

    private mutating func advanceAhead(_ size: TerminalSize) -> Outcome {
        while let byte = backlog.popFirst() {
            editor.canTakeBack = !queue.isEmpty
            switch editor.feed(byte) {
            case .submit(let line):
                // At once: the program may be ended before the line is read.
                keep(line, of: ahead)
                queue.append(.line(line))
            case .endOfInput: queue.append(.endOfInput)
            case .takeBack: _ = takeBack()
            // There is nobody to complete it, or to lend the screen.
            case .complete, .edit, .clearScreen, nil: break
            }
        }
        editor.canTakeBack = false
        editor.settle()
        return Outcome(screen: drawn(size))
    }

    /// Puts the last line that waits before what is typed; returns whether there was one.
    private mutating func takeBack() -> Bool {
        guard let last = queue.popLast() else { return false }
        guard case .line(let line) = last else { return true }
        let typed = editor.string
        editor.replace(by: typed.isEmpty ? line : line + "\n" + typed)
        return true
    }
}
