// The program's terminal: lines in, text out, settings put back.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment

/// Reads lines from the user and writes text to the screen, or from and to pipes.
///
/// On a terminal the session takes its line editing over until `close()`: nothing typed is echoed
/// into an answer, and what is typed ahead is kept for the next line. Ctrl-C stays a signal, which
/// the program's one handler hands to `interruptLine()`.
///
/// Without a terminal, or with TERM=dumb, lines are taken as the system gives them.
///
/// ```swift
/// let session = try TerminalSession(environment: variables)
/// defer { session.close() }
/// while case .line(let text) = try await session.readLine(LineRequest(prompt: "> ")) {
///     try await session.writeAnswer(try await reply(to: text) + "\n")
/// }
/// ```
final class TerminalSession: Sendable {
    /// Whether lines are edited here, on a terminal that both ends are connected to.
    let isInteractive: Bool

    typealias Answer = AsyncValue<Result<LineResult, TerminalError>>

    struct State {
        var input: LineInput
        var answer: Answer?
        var isClosed = false
        var isSuspended = false
        /// Whether the cursor stands after a line of an answer that may go on.
        var isInsideAnswer = false
        /// The notices that the output had no room for, and the user has not heard of.
        var dropped = 0
    }

    private let inputDescriptor: Int32
    private let showsPrompt: Bool
    let output: TerminalOutput
    private let mode: TerminalMode?
    private let signals: SignalSource
    private let wake: WakeUp
    let state: Lock<State>
    /// Held while the reading thread may take input.
    let reading = Lock(())

    /// Takes the terminal over; the descriptors stay the caller's.
    ///
    /// - `readsInput`: Whether lines are read; else the input is left alone, and counts as ended.
    /// - `environment`: The process's variables, of which TERM counts.
    /// - Throws: `TerminalError` if the terminal's settings cannot be read; `PosixError` if the
    ///   process is out of descriptors or threads.
    init(
        input: Int32 = STDIN_FILENO,
        output: Int32 = STDOUT_FILENO,
        readsInput: Bool = true,
        environment: [String: String]
    ) throws {
        inputDescriptor = input
        let areTerminals = readsInput && isatty(input) == 1 && isatty(output) == 1
        let isDumb = ScreenStyle.isDumb(environment)
        isInteractive = areTerminals && !isDumb
        showsPrompt = areTerminals
        self.output = TerminalOutput(descriptor: output)
        mode =
            isInteractive
            ? try TerminalMode(descriptor: input, bracketedPaste: true, Self.takeOver) : nil
        wake = try WakeUp()
        var lineInput = LineInput(
            isInteractive: isInteractive,
            followsOutput: isatty(output) == 1 && !isDumb
        )
        if !readsInput { _ = lineInput.end(TerminalSize(columns: 80, rows: 24)) }
        state = Lock(State(input: lineInput))
        signals = try SignalSource([SIGWINCH, SIGCONT])
        mode?.enter()
        let stream = signals.signals
        Task.detached { [weak self] in
            for await signal in stream { self?.handle(signal) }
        }
        guard readsInput else { return }
        try startThread("amaru-input") { [self] in readInput() }
    }

    deinit {
        // The reading thread holds the session, so it has ended.
        wake.close()
    }

    /// The terminal's size; 80 by 24 if it has none.
    var size: TerminalSize { TerminalSize(of: output.number) }

    /// Waits for the user's next line.
    ///
    /// - Throws: `CancellationError`, after which what was written so far is kept for the next
    ///   call; `TerminalError` if another line is being read, the line is too long, or the session
    ///   is closed. The end of input and Ctrl-C are results, not errors.
    func readLine(_ request: LineRequest) async throws -> LineResult {
        let size = size
        takeTerminal()
        let answer = try state.withLock { state in
            guard !state.isClosed else {
                throw TerminalError.closed
            }
            guard state.answer == nil else {
                throw TerminalError(.busy, "a line is being read already")
            }
            let answer = Answer()
            state.answer = answer
            reportDropped(&state, size)
            if showsPrompt, !isInteractive { output.post(request.prompt) }
            perform(state.input.begin(request, size), &state)
            return answer
        }
        wake.signal()
        do {
            return try await answer.wait().get()
        } catch let error as CancellationError {
            // The line may have come together with the cancellation; it must not be lost.
            if let result = abandon(answer) { return try result.get() }
            throw error
        }
    }

    /// Writes part of an answer, and returns when it is written or the answer was stopped.
    ///
    /// The text is written as it is; what others wrote goes through `EscapeFilter` first.
    ///
    /// - Throws: `TerminalError`, with `outputClosed` when the output's reader has gone;
    ///   `CancellationError`.
    func writeAnswer(_ text: String) async throws {
        let size = size
        let written = state.withLock { state in
            // What is dropped must not count as shown.
            output.postAnswer(
                output.isStopped
                    ? "" : Self.newline(&state) + state.input.show(text, size).screen
            )
        }
        try await written.wait().get()
    }

    /// Writes a notice without waiting for it.
    ///
    /// It is dropped, and counted, while the output has taken too little of earlier ones.
    func post(_ text: String) {
        let size = size
        state.withLock { state in
            guard !output.isFull else { return state.dropped += 1 }
            reportDropped(&state, size)
            output.post(Self.newline(&state) + state.input.show(text, size).screen)
        }
    }

    /// Counts a notice that the output has no room for.
    func dropNotice() { state.withLock { $0.dropped += 1 } }

    /// What ends a line of an answer before anything else is written.
    static func newline(_ state: inout State) -> String {
        defer { state.isInsideAnswer = false }
        return state.isInsideAnswer ? "\n" : ""
    }

    private func reportDropped(_ state: inout State, _ size: TerminalSize) {
        guard state.dropped > 0, !output.isFull else { return }
        let text = "amaru: \(state.dropped) notices were not shown\n"
        state.dropped = 0
        output.post(Self.newline(&state) + state.input.show(text, size).screen)
    }

    /// Gives up the line being read, on Ctrl-C; returns false if no line is being read.
    func interruptLine() -> Bool {
        let size = size
        return state.withLock { state in
            guard state.input.isReading else { return false }
            perform(state.input.interrupt(size), &state)
            return true
        }
    }

    /// Gives up the line being read, else the next one, for a Ctrl-C at a prompt that is about to
    /// appear.
    func interruptLineOrNext() {
        let size = size
        state.withLock { state in
            guard state.input.isReading else { return state.input.interruptNext() }
            perform(state.input.interrupt(size), &state)
        }
    }

    /// Shows what is typed below the output while no line is read, and keeps the lines entered for
    /// the next ones; nil for typing that is unseen until then.
    func typeAhead(_ request: LineRequest?) {
        let size = size
        state.withLock { state in perform(state.input.typeAhead(request, size), &state) }
        wake.signal()
    }

    /// Puts the lines that wait for their turn back into the line being typed.
    func takeBackQueue() {
        let size = size
        state.withLock { state in perform(state.input.takeBackQueue(size), &state) }
        wake.signal()
    }

    /// Drops what is not written yet of an answer, and what comes of it until `allowAnswer()`.
    func stopAnswer() {
        let size = size
        state.withLock { state in
            guard output.stopAnswer() else { return }
            perform(state.input.loseOutput(size), &state)
        }
    }

    /// Takes answers again.
    func allowAnswer() { output.allowAnswer() }

    /// Gives the terminal its own settings back, for a program that is to use it.
    ///
    /// On return no more input is taken here: what is typed from now on is the other program's.
    func suspend() {
        let size = size
        state.withLock { state in
            state.isSuspended = true
            perform(state.input.leaveScreen(size), &state)
        }
        wake.signal()
        // A thread that saw the state before finds the signal, and leaves the input where it is.
        reading.withLock { _ in }
        mode?.leave()
    }

    /// Takes the terminal over again after `suspend()`.
    func resume() {
        state.withLock { $0.isSuspended = false }
        mode?.enter()
        wake.signal()
        redraw()
    }

    /// Puts the terminal back and ends a reading with `endOfInput`; later calls do nothing.
    ///
    /// To be called before `_exit`; `exit` and signals put the terminal back without it.
    func close() {
        let size = size
        let wasClosed = state.withLock { state in
            defer { state.isClosed = true }
            if !state.isClosed {
                perform(state.input.show(status: nil, size), &state)
                perform(state.input.typeAhead(nil, size), &state)
                perform(state.input.cancel(size), &state)
                if state.isInsideAnswer { output.post(Self.newline(&state)) }
                state.answer?.set(.success(.endOfInput))
                state.answer = nil
            }
            return state.isClosed
        }
        guard !wasClosed else { return }
        signals.cancel()
        wake.signal()
        mode?.leave()
    }

    /// Blocks until everything is written, at most for a while.
    func drainOutput(within seconds: Double) { output.drain(within: seconds) }
}

extension TerminalSession {
    /// Bytes as they are typed, unseen; signals, output and flow control as they were.
    private static func takeOver(_ settings: inout termios) {
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO | IEXTEN)
        // Enter and Ctrl-J are told apart only for what may precede them.
        settings.c_iflag &= ~tcflag_t(ICRNL | INLCR | ISTRIP)
        withUnsafeMutableBytes(of: &settings.c_cc) { bytes in
            bytes[Int(VMIN)] = 1
            bytes[Int(VTIME)] = 0
        }
    }

    private func handle(_ signal: Int32) {
        if signal == SIGCONT {
            takeTerminal()
            // The job may be in the foreground now.
            wake.signal()
        }
        if !JobControl.isBackground(on: inputDescriptor) { redraw() }
    }

    /// Changes the terminal's settings again if the shell has used it meanwhile.
    ///
    /// A job that is moved to the foreground while it runs gets no signal that says so.
    private func takeTerminal() {
        if state.withLock({ !$0.isSuspended && !$0.isClosed }) { mode?.enterAgain() }
    }

    /// Stops waiting for an answer, unless it is there already.
    private func abandon(_ answer: Answer) -> Result<LineResult, TerminalError>? {
        let size = size
        return state.withLock { state in
            if let result = answer.current { return result }
            perform(state.input.cancel(size), &state)
            state.answer = nil
            return nil
        }
    }

    private func redraw() {
        let size = size
        state.withLock { state in perform(state.input.redraw(size), &state) }
    }

    /// Does what the state machine asks for, in its order.
    func perform(_ outcome: LineInput.Outcome, _ state: inout State) {
        if !outcome.screen.isEmpty { output.post(Self.newline(&state) + outcome.screen) }
        let result: Result<LineResult, TerminalError>? =
            outcome.isTooLong ? .failure(.lineTooLong) : outcome.result.map { .success($0) }
        if let result {
            // The system has shown ^C, or nothing, after the prompt.
            switch result {
            case .success(.interrupted), .success(.endOfInput):
                if showsPrompt, !isInteractive { output.post("\n") }
            default: break
            }
            state.answer?.set(result)
            state.answer = nil
        }
    }

    /// Whether the thread that reads is to take input now; nil if it is to end.
    private var wantsInput: Bool? {
        state.withLock { state in
            if state.isClosed { return nil }
            guard state.input.wantsBytes, !state.isSuspended else { return false }
            // In the background what is typed is the shell's, until a line is asked for.
            return state.input.isReading || !JobControl.isBackground(on: inputDescriptor)
        }
    }

    /// The body of the thread that reads.
    private func readInput() {
        JobControl.takeStops()
        withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { buffer in
            while let wantsInput {
                guard wantsInput else {
                    // Without the lock: it would keep `suspend()` waiting until the next signal.
                    _ = waitForInput(false)
                    continue
                }
                let taken: Int? = reading.withLock { _ in
                    // Looked at again: `suspend()` may have come and gone before the lock.
                    guard self.wantsInput == true else { return nil }
                    JobControl.waitForForeground(on: inputDescriptor)
                    guard waitForInput(true) else { return nil }
                    return (try? PosixCall.read(inputDescriptor, into: buffer)) ?? 0
                }
                guard let count = taken else { continue }
                let size = size
                state.withLock { state in
                    let outcome =
                        count > 0
                        ? state.input.receive(buffer.prefix(count), size) : state.input.end(size)
                    perform(outcome, &state)
                }
            }
        }
    }

    /// Blocks until there is input or a signal; returns whether there is input.
    private func waitForInput(_ wantsInput: Bool) -> Bool {
        var entries = [
            pollfd(fd: wake.readEnd, events: Int16(POLLIN), revents: 0),
            // A negative descriptor is not looked at.
            pollfd(fd: wantsInput ? inputDescriptor : -1, events: Int16(POLLIN), revents: 0),
        ]
        // If waiting itself fails, reading waits.
        guard poll(&entries, 2, -1) > 0 else { return wantsInput && errno != EINTR }
        if entries[0].revents != 0 {
            wake.clear()
            // The state may have changed; input stays where it is.
            return false
        }
        return entries[1].revents != 0
    }
}
