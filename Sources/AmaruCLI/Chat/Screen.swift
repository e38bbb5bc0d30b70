// What the user sees: answers on standard output, everything else on standard error.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The two ends of the conversation with the user.
///
/// It takes the terminal over when a line is read or shown first: a script that only runs keeps
/// the terminal as it is.
actor Screen {
    /// Whether the user sits at a terminal and converses.
    nonisolated let isInteractive: Bool

    private let variables: [String: String]
    private let readsInput: Bool
    private let opened = Lock<(session: TerminalSession?, isClosed: Bool)>((nil, false))
    private var isInsideLine = false
    private var countdown: Task<Void, Never>?

    /// Describes a screen; nothing is taken over yet.
    ///
    /// - Parameter isConversation: Whether lines are read, else the input is left alone.
    init(isConversation: Bool, variables: [String: String]) {
        self.variables = variables
        readsInput = isConversation
        isInteractive = isConversation && isatty(STDIN_FILENO) == 1
    }

    private nonisolated var terminal: TerminalSession {
        get throws {
            try opened.withLock { opened in
                if let session = opened.session { return session }
                // Closed before it was used, as when a start fails behind the first prompt.
                guard !opened.isClosed else { throw TerminalError.closed }
                let session = try TerminalSession(
                    readsInput: readsInput,
                    environment: variables
                )
                opened.session = session
                return session
            }
        }
    }

    // MARK: In

    /// The next line of the user.
    nonisolated func readMessage() async throws -> LineResult {
        try await terminal.readLine(prompt: isInteractive ? "> " : "")
    }

    /// The next line for a script's `input()`; nil at the end.
    nonisolated func readLine(prompt: String) async throws -> String? {
        switch try await terminal.readLine(prompt: EscapeFilter.clean(prompt)) {
        case .line(let line): line
        case .interrupted: throw CancellationError()
        case .endOfInput: nil
        }
    }

    /// A key, typed unseen on the terminal.
    nonisolated func readKey(prompt: String) async throws -> String {
        let session = opened.withLock { $0.session }
        session?.suspend()
        defer { session?.resume() }
        return try await HiddenPrompt.read(prompt)
    }

    /// Gives up the line being read, on Ctrl-C; false when none is.
    nonisolated func interruptLine() -> Bool {
        opened.withLock { $0.session }?.interruptLine() ?? false
    }

    // MARK: Out

    /// Shows an event of a turn; returns when the terminal has taken it.
    func show(_ event: TurnEvent) async throws {
        await endCountdown()
        switch event {
        case .text(let text):
            try await write(text)
        case .display(let text):
            try await write(text)
            try await endAnswer()
        case .notice(let message):
            await notice(message, waits: true)
        case .retrying(let reason, let delay, let attempt, let attempts):
            await count(down: delay, for: reason, "\(attempt) of \(attempts)")
        case .skipped(let count):
            await notice("\(count) events were not shown")
        case .reasoning, .toolCall, .usage:
            break
        }
    }

    /// Ends an answer, on a line of its own.
    func endAnswer() async throws {
        await endCountdown()
        if isInsideLine { try await write("\n") }
    }

    /// Shows nothing more of an answer that the user has stopped, and frees who waits for it.
    nonisolated func stopAnswer() { opened.withLock { $0.session }?.stopAnswer() }

    /// Shows answers again.
    nonisolated func allowAnswer() { opened.withLock { $0.session }?.allowAnswer() }

    /// Ends an answer that was stopped, without waiting for the terminal.
    func endStoppedAnswer() async {
        await endCountdown()
        if isInsideLine { try? terminal.post("\n") }
        isInsideLine = false
    }

    /// Writes a line of diagnostics: below what is being written, above a line being typed.
    ///
    /// - Parameter waits: Whether to return only when the terminal has taken it.
    func notice(_ message: String, waits: Bool = false) async {
        let start = isInsideLine ? "\n" : ""
        if isInteractive, isatty(STDERR_FILENO) == 1, let terminal = try? terminal {
            isInsideLine = false
            let line = "\(start)amaru: \(EscapeFilter.clean(message))\n"
            if waits { try? await terminal.writeAnswer(line) } else { terminal.post(line) }
            return
        }
        if isInsideLine, isatty(STDOUT_FILENO) == 1 {
            isInsideLine = false
            try? await terminal.writeAnswer("\n")
        }
        Report.line("amaru: \(message)")
    }

    private func write(_ text: String) async throws {
        guard let last = text.last else { return }
        isInsideLine = !last.isNewline
        try await terminal.writeAnswer(text)
    }

    // MARK: Countdown

    /// Says why a request is sent again, and counts the seconds down in a line of the terminal.
    private func count(down delay: Duration, for reason: String, _ attempts: String) async {
        let seconds = Int((delay / .seconds(1)).rounded(.up))
        let left = { (count: Int) in "trying again in \(count) s (\(attempts))" }
        guard isatty(STDERR_FILENO) == 1, isatty(STDOUT_FILENO) == 1,
            let terminal = try? terminal
        else { return await notice("\(reason); \(left(seconds))") }
        await notice(reason)
        countdown = Task {
            for second in (0...seconds).reversed() where !Task.isCancelled {
                // One row, which the next one can be written over.
                let line = "amaru: \(left(second))".prefix(max(1, terminal.size.columns - 1))
                terminal.post("\r\u{1B}[K\(line)")
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func endCountdown() async {
        guard let task = countdown else { return }
        countdown = nil
        task.cancel()
        await task.value
        try? terminal.post("\r\u{1B}[K")
    }

    /// Gives the terminal back; a reading ends with the end of input.
    nonisolated func close() {
        let session = opened.withLock { opened in
            opened.isClosed = true
            return opened.session
        }
        guard let session else { return }
        session.close()
        session.drainOutput(within: 0.1)
    }
}
