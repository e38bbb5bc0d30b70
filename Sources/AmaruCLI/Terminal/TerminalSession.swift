// The program's terminal: lines in, text out, settings put back.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads lines from the user and writes text to the screen, or from and to pipes.
///
/// On a terminal the session takes its line editing over until `close()`: nothing typed is echoed
/// into an answer, and what is typed ahead is kept for the next line. Ctrl-C stays a signal: while
/// a line is read it ends the reading, otherwise it comes out of `interrupts`.
///
/// Without a terminal, or with TERM=dumb, lines are taken as the system gives them.
///
/// ```swift
/// let session = try TerminalSession(environment: variables)
/// defer { session.close() }
/// while case .line(let text) = try await session.readLine(prompt: "> ") {
///     try await session.write(try await reply(to: text))
/// }
/// ```
final class TerminalSession: Sendable {
    /// Whether lines are edited here, on a terminal that both ends are connected to.
    let isInteractive: Bool

    /// Each Ctrl-C that came while no line was read, for one task.
    let interrupts: AsyncStream<Void>

    /// Each new size of the terminal, for one task.
    let sizeChanges: AsyncStream<TerminalSize>

    private struct State {
        var input: LineInput
        var answer: AsyncValue<LineResult>?
        var isClosed = false
        var isSuspended = false
    }

    private let inputDescriptor: Int32
    private let outputDescriptor: Int32
    private let showsPrompt: Bool
    private let output: TerminalOutput
    private let mode: TerminalMode?
    private let signals: SignalSource
    private let wake: (read: Int32, write: Int32)
    private let state: Mutex<State>
    /// Held while the reading thread may take input.
    private let reading = Mutex(())
    private let readerEnded = AsyncValue<Void>()

    /// Takes the terminal over; the descriptors stay the caller's.
    ///
    /// - Parameter environment: the process' variables; TERM is looked at.
    init(
        input: Int32 = STDIN_FILENO,
        output: Int32 = STDOUT_FILENO,
        environment: [String: String]
    ) throws {
        inputDescriptor = input
        outputDescriptor = output
        let areTerminals = isatty(input) == 1 && isatty(output) == 1
        isInteractive = areTerminals && environment["TERM", default: "dumb"] != "dumb"
        showsPrompt = areTerminals
        self.output = TerminalOutput(descriptor: output)
        mode =
            isInteractive
            ? try TerminalMode(descriptor: input, bracketedPaste: true, Self.takeOver) : nil
        wake = try PosixCall.pipe()
        _ = fcntl(wake.write, F_SETFL, O_NONBLOCK)
        state = Mutex(State(input: LineInput(isInteractive: isInteractive)))
        let (interrupts, interrupted) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingOldest(16)
        )
        let (sizes, resized) = AsyncStream.makeStream(
            of: TerminalSize.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        self.interrupts = interrupts
        sizeChanges = sizes
        signals = SignalSource([SIGINT, SIGWINCH, SIGCONT])
        mode?.enter()
        let stream = signals.signals
        Task.detached { [weak self] in
            for await signal in stream { self?.handle(signal, interrupted, resized) }
            interrupted.finish()
            resized.finish()
        }
        startThread("amaru-input") { [self] in readInput() }
    }

    deinit {
        // The reading thread holds the session, so it has ended.
        _ = systemClose(wake.read)
        _ = systemClose(wake.write)
    }

    /// The terminal's size; 80 by 24 where there is none.
    var size: TerminalSize {
        var window = winsize()
        guard
            ioctl(outputDescriptor, UInt(TIOCGWINSZ), &window) == 0,
            window.ws_col > 0, window.ws_row > 0
        else { return TerminalSize(columns: 80, rows: 24) }
        return TerminalSize(columns: Int(window.ws_col), rows: Int(window.ws_row))
    }

    /// Waits for the user's next line.
    ///
    /// - Throws: `CancellationError`, after which what was written so far is kept for the next
    ///   call; `TerminalError` if another line is being read or the session is closed. The end of
    ///   input and Ctrl-C are results, not errors.
    func readLine(prompt: String) async throws -> LineResult {
        let size = size
        let answer = try state.withLock { state in
            guard !state.isClosed else {
                throw TerminalError(.closed, "the terminal session is closed")
            }
            guard state.answer == nil else {
                throw TerminalError(.busy, "a line is being read already")
            }
            let answer = AsyncValue<LineResult>()
            state.answer = answer
            if showsPrompt, !isInteractive { output.post(prompt) }
            perform(state.input.begin(prompt: prompt, size), &state)
            return answer
        }
        nudge()
        do {
            return try await answer.wait()
        } catch {
            // The line may have come together with the cancellation; it must not be lost.
            if let result = abandon(answer) { return result }
            throw error
        }
    }

    /// Writes text, above the line being read if there is one, and returns when it is written.
    ///
    /// The text is written as it is; what others wrote goes through `EscapeFilter` first.
    ///
    /// - Throws: `TerminalError`, with `outputClosed` when the output's reader has gone;
    ///   `CancellationError`.
    func write(_ text: String) async throws {
        let size = size
        let written = state.withLock { state in
            output.post(state.input.show(text, size).screen)
        }
        try await written.wait().get()
    }

    /// Gives the terminal its own settings back, for a program that is to use it.
    ///
    /// On return nothing here takes any more input: what is typed from now on is the other's.
    func suspend() {
        state.withLock { $0.isSuspended = true }
        nudge()
        // A thread that saw the state before finds the nudge, and leaves the input where it is.
        reading.withLock { _ in }
        mode?.leave()
    }

    /// Takes the terminal over again after `suspend()`.
    func resume() {
        state.withLock { $0.isSuspended = false }
        mode?.enter()
        nudge()
        redraw()
    }

    /// Puts the terminal back and ends a reading with `endOfInput`; later calls do nothing.
    ///
    /// To be called before `_exit`; `exit` and signals put the terminal back without it.
    func close() {
        let wasClosed = state.withLock { state in
            defer { state.isClosed = true }
            if !state.isClosed {
                perform(state.input.cancel(), &state)
                state.answer?.set(.endOfInput)
                state.answer = nil
            }
            return state.isClosed
        }
        guard !wasClosed else { return }
        signals.cancel()
        nudge()
        mode?.leave()
    }

    /// Blocks until everything is written, so that the output's descriptor may be closed.
    func drainOutput() { output.drain() }

    /// Whether the thread that reads has ended, so that the input's descriptor may be closed.
    var hasStoppedReading: Bool { readerEnded.current != nil }

    /// Waits until the thread that reads has ended, after `close()`.
    func waitUntilClosed() async {
        await readerEnded.waitRegardlessOfCancellation()
    }
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

    private func handle(
        _ signal: Int32,
        _ interrupted: AsyncStream<Void>.Continuation,
        _ resized: AsyncStream<TerminalSize>.Continuation
    ) {
        switch signal {
        case SIGINT:
            let wasReading = state.withLock { state in
                defer { perform(state.input.interrupt(), &state) }
                return state.input.isReading
            }
            if !wasReading { interrupted.yield() }
        case SIGWINCH:
            resized.yield(size)
            redraw()
        default:
            // Continued after a stop: the shell has used the terminal meanwhile.
            if state.withLock({ !$0.isSuspended && !$0.isClosed }) { mode?.enter() }
            redraw()
        }
    }

    /// Stops waiting for an answer, unless it is there already.
    private func abandon(_ answer: AsyncValue<LineResult>) -> LineResult? {
        state.withLock { state in
            if let result = answer.current { return result }
            perform(state.input.cancel(), &state)
            state.answer = nil
            return nil
        }
    }

    private func redraw() {
        let size = size
        state.withLock { state in perform(state.input.redraw(size), &state) }
    }

    /// Does what the state machine asks for, in its order.
    private func perform(_ outcome: LineInput.Outcome, _ state: inout State) {
        if !outcome.screen.isEmpty { output.post(outcome.screen) }
        if let result = outcome.result {
            state.answer?.set(result)
            state.answer = nil
        }
    }

    /// Has the reading thread look again at what it should wait for.
    private func nudge() {
        var byte: UInt8 = 0
        _ = systemWrite(wake.write, &byte, 1)
    }

    /// The body of the thread that reads.
    private func readInput() {
        defer { readerEnded.set(()) }
        withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { buffer in
            while let wantsInput = state.withLock({ state in
                state.isClosed ? nil : state.input.wantsBytes && !state.isSuspended
            }) {
                guard wantsInput else {
                    // Without the lock: it would keep `suspend()` waiting until the next nudge.
                    _ = waitForInput(false)
                    continue
                }
                let taken: Int? = reading.withLock { _ in
                    // Looked at again: `suspend()` may have come and gone before the lock.
                    guard !state.withLock({ $0.isSuspended }), waitForInput(true) else {
                        return nil
                    }
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

    /// Blocks until there is input or a nudge; says whether there is input.
    private func waitForInput(_ wantsInput: Bool) -> Bool {
        var entries = [
            pollfd(fd: wake.read, events: Int16(POLLIN), revents: 0),
            // A negative descriptor is not looked at.
            pollfd(fd: wantsInput ? inputDescriptor : -1, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&entries, 2, -1) > 0 else { return false }
        if entries[0].revents != 0 {
            withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
                _ = try? PosixCall.read(wake.read, into: buffer)
            }
            // The state may have changed; input stays where it is.
            return false
        }
        return entries[1].revents != 0
    }
}

// The session's own `write` and `close` hide the system's.
#if canImport(Glibc)
    private let systemWrite = Glibc.write
    private let systemClose = Glibc.close
#else
    private let systemWrite = Darwin.write
    private let systemClose = Darwin.close
#endif
