// What the user sees: answers on standard output, everything else on standard error.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruEnvironment
import AmaruMarkdown

/// The two ends of the conversation with the user.
///
/// It takes the terminal over when a line is read or shown first: a script that only runs keeps
/// the terminal as it is.
actor Screen {
    /// Whether the user sits at a terminal and converses.
    nonisolated let isInteractive: Bool
    /// Whether answers are written to a terminal.
    nonisolated let isTerminal: Bool

    let variables: [String: String]
    private let readsInput: Bool
    let output: Int32
    private let opened = Lock(Opened())
    /// The answer, where answers are laid out.
    let answer: LiveAnswer?
    /// How long the end of an answer waits for the colours of code.
    let colorPatience: Duration
    /// How long plain text waits before a line says so.
    let plainPatience: Duration
    /// Writes the next frame when it is time.
    var frameTimer: Task<Void, Never>?
    /// The frame that is being written.
    var frameInWriting: AsyncValue<Result<Void, any Error>>?
    /// What a turn has said after the last text of its answer, and has it inserted soon.
    var heldNotices: (lines: [String], timer: Task<Void, Never>)?
    /// Whether plain text has been written whose last line has not ended.
    nonisolated var isInsideLine: Bool {
        get { opened.withLock { $0.isInsideLine } }
        set { opened.withLock { $0.isInsideLine = newValue } }
    }
    /// What was printed of a line inside an answer.
    var printed = ""
    /// The seconds that are counted until a request is sent again.
    var countdown: (task: Task<Void, Never>, attempts: String)?
    /// The answer that is waited for.
    var awaited: AwaitedAnswer?
    /// Whether rows of the program's own are dim.
    let isDim: Bool

    private struct Opened {
        var session: TerminalSession?
        var isClosed = false
        var isInsideLine = false
        /// Whether answers are dropped, also by a session that is opened only then.
        var isStopped = false
        /// Whether an answer that was stopped has been left, and nothing of it comes any more.
        var hasLeft = false
        /// Set when the program that the terminal is lent to gives it back; nil if it is not lent.
        var lent: AsyncValue<Void>?
        /// What is to be said of the network, and is not held yet.
        var warnings: [String] = []
    }

    /// Describes a screen; nothing is taken over yet.
    ///
    /// - `isConversation`: Whether lines are read; otherwise the input is left alone.
    /// - `isPlain`: Whether answers are written as they come, on a terminal too.
    /// - `highlighter`: What finds the colours of code.
    /// - `plainPatience`: The time without an event after which a line of plain text says so.
    /// - `output`: Where answers are written; the descriptor stays the caller's.
    init(
        isConversation: Bool,
        variables: [String: String],
        isPlain: Bool = false,
        highlighter: (any CodeHighlighter)? = nil,
        plainPatience: Duration = .seconds(5),
        output: Int32 = STDOUT_FILENO
    ) {
        self.output = output
        isTerminal = isatty(output) == 1
        let style = ScreenStyle(
            isPlain: isPlain,
            isTerminal: isTerminal,
            variables: variables
        )
        isDim = variables["NO_COLOR", default: ""].isEmpty
        answer = style.view(highlighter).map { LiveAnswer($0) }
        colorPatience = highlighter?.patience ?? .zero
        self.plainPatience = plainPatience
        self.variables = variables
        readsInput = isConversation
        isInteractive = isConversation && isatty(STDIN_FILENO) == 1
    }

    nonisolated var terminal: TerminalSession {
        get throws {
            try opened.withLock { opened in
                if let session = opened.session { return session }
                // Closed before it was used, as when a start fails after the first prompt.
                guard !opened.isClosed else { throw TerminalError.closed }
                let session = try TerminalSession(
                    output: output,
                    readsInput: readsInput,
                    environment: variables
                )
                if opened.isStopped { session.stopAnswer() }
                opened.session = session
                return session
            }
        }
    }

    /// The terminal, if a line was read or shown already.
    nonisolated var terminalInUse: TerminalSession? { opened.withLock { $0.session } }

    /// Whether answers are dropped.
    nonisolated var isStopped: Bool { opened.withLock { $0.isStopped } }

    /// Whether notices have to wait for the end of an answer that was stopped.
    nonisolated var isLeaving: Bool { opened.withLock { $0.isStopped && !$0.hasLeft } }

    /// Drops what is not written yet of an answer, and what comes of it until `allowAnswer()`.
    nonisolated func stopAnswer() {
        opened.withLock { opened in
            opened.isStopped = true
            opened.hasLeft = false
            opened.session?.stopAnswer()
        }
    }

    /// Takes answers again.
    nonisolated func allowAnswer() {
        opened.withLock { opened in
            opened.isStopped = false
            opened.session?.allowAnswer()
        }
    }

    // MARK: In

    /// The user's next line, or what Tab or a wish for an editor was pressed in.
    ///
    /// - Throws: `TerminalError` after `close()`; `CancellationError`.
    nonisolated func readLine(_ request: LineRequest) async throws -> LineResult {
        var request = request
        if !isInteractive { request.prompt = "" }
        return try await terminal.readLine(request)
    }

    /// The next line for a script's `input()`; nil at the end of input.
    ///
    /// - Throws: `CancellationError`, also on Ctrl-C; `TerminalError` after `close()`.
    func readLine(prompt: String) async throws -> String? {
        // The line editor redraws its line from the first column.
        if isInteractive || answer != nil { try await endAnswer() }
        let request = LineRequest(prompt: EscapeFilter.clean(prompt))
        return switch try await terminal.readLine(request) {
        case .line(let line): line
        case .interrupted, .cleared: throw CancellationError()
        case .endOfInput, .completion, .editing: nil
        }
    }

    /// A line that is typed unseen, for a script's `getpass()`; nil at the end of input.
    ///
    /// - Throws: `CancellationError`, also on Ctrl-C; `HiddenPrompt.Failure` without a terminal.
    func readPassword(prompt: String) async throws -> String? {
        try await endAnswer()
        do {
            return try await readKey(prompt: EscapeFilter.clean(prompt))
        } catch HiddenPrompt.Failure.endOfInput {
            return nil
        } catch HiddenPrompt.Failure.cancelled {
            throw CancellationError()
        }
    }

    /// Gives the terminal to a program, once all that was posted is on it; ends with `takeBack()`.
    nonisolated func lend() async throws {
        guard isInteractive else { return }
        try await endAnswer()
        try await terminal.writeAnswer("")
        let terminal = try terminal
        // First, so that nothing is printed to a terminal that is given away.
        opened.withLock { $0.lent = AsyncValue() }
        terminal.suspend()
    }

    /// Takes the terminal over again after `lend()`.
    nonisolated func takeBack() {
        guard isInteractive else { return }
        terminalInUse?.resume()
        opened.withLock { opened in
            opened.lent?.set(())
            opened.lent = nil
        }
    }

    /// Waits until the terminal is not lent to a program.
    func waitWhileLent() async throws {
        while let lent = opened.withLock({ $0.lent }) { try await lent.wait() }
    }

    /// A key, typed unseen on the terminal.
    ///
    /// - Throws: `HiddenPrompt.Failure`.
    nonisolated func readKey(prompt: String) async throws -> String {
        let session = terminalInUse
        session?.suspend()
        defer { session?.resume() }
        return try await HiddenPrompt.read(prompt)
    }

    // MARK: Out

    /// Shows an event of a turn; returns when the terminal has taken it.
    ///
    /// - Throws: `TerminalError` if the output cannot be written; `CancellationError`.
    func show(_ event: TurnEvent) async throws {
        await endCountdown()
        noteProgress(of: event)
        switch event {
        case .text(let text):
            try await add(text)
        case .display(let text):
            try await add(text)
            try await endAnswer()
        case .reasoning(let text):
            try await addThought(text)
        case .notice(let message):
            await hold(message)
        case .stalled(let message):
            await saysStalled(message)
        case .retrying(let reason, let delay, let attempt, let attempts):
            await count(down: delay, for: reason, "\(attempt) of \(attempts)")
        case .skipped(let count):
            await hold("\(count) events were not shown")
        case .attachment(let file):
            await hold(
                "the answer has a file, \(AttachmentSource.summary(of: file)); --json prints it"
            )
        case .toolCall, .usage:
            break
        }
    }

    /// Ends the line of an answer.
    ///
    /// - Throws: As `show(_:)`.
    func endAnswer() async throws {
        await endCountdown()
        endWait()
        try await settleAnswer()
        if isInsideLine { try await write("\n") }
        await releasePrinted()
        await releaseNotices()
    }

    /// Ends an answer that was stopped, without waiting for the terminal.
    func endStoppedAnswer() async {
        await endCountdown(isStopped: true)
        endWait()
        frameTimer?.cancel()
        frameTimer = nil
        opened.withLock { $0.hasLeft = true }
        if let terminal = terminalInUse { leaveAnswer(on: terminal) }
        if isInsideLine { try? terminal.post("\n") }
        isInsideLine = false
        if isInteractive { try? terminal.post(stopMark + "\n") }
        await releaseNotices()
    }

    /// Writes a line of diagnostics: below what is being written, above a line being typed.
    ///
    /// - `waits`: Whether to return only when the terminal has taken it.
    func notice(_ message: String, waits: Bool = false) async {
        let line = ShownText.diagnostics("amaru: \(message)")
        if insert(line) {
            isInsideLine = false
            return
        }
        let start = isInsideLine ? "\n" : ""
        if isInteractive, isatty(STDERR_FILENO) == 1, let terminal = try? terminal {
            isInsideLine = false
            // What comes of an answer that was stopped would be dropped as that is.
            if waits, !isStopped {
                try? await terminal.writeAnswer("\(start)\(line)\n")
            } else {
                terminal.post("\(start)\(line)\n")
            }
            return
        }
        // Where both are seen: elsewhere a paragraph would be cut in two.
        if isTerminal, isatty(STDERR_FILENO) == 1 { try? await settleAnswer() }
        if isInsideLine, isTerminal || sharesErrors {
            isInsideLine = false
            try? await terminal.writeAnswer("\n")
        }
        Report.line("amaru: \(message)")
    }

    /// Says what is wrong with something that runs beside the answer, such as the network: as a
    /// notice of the turn, if one is on the terminal.
    nonisolated func warn(_ message: String) {
        let waits = opened.withLock { opened in
            guard !opened.isClosed, isTerminal, isatty(STDERR_FILENO) == 1 else {
                return false
            }
            opened.warnings.append(message)
            return true
        }
        guard waits else { return Report.line("amaru: \(message)") }
        Task { for warning in takeWarnings() { await hold(warning) } }
    }

    private nonisolated func takeWarnings() -> [String] {
        opened.withLock { opened in
            defer { opened.warnings = [] }
            return opened.warnings
        }
    }

    /// Whether answers and diagnostics go to one pipe or file.
    private var sharesErrors: Bool {
        var (answers, errors) = (stat(), stat())
        return fstat(output, &answers) == 0 && fstat(STDERR_FILENO, &errors) == 0
            && answers.st_dev == errors.st_dev && answers.st_ino == errors.st_ino
    }

    /// Writes a line about the start, above the prompt if there is one.
    nonisolated func progress(_ line: String) {
        if insert(ShownText.harmless(line)) { return }
        guard isInteractive, isatty(STDERR_FILENO) == 1, let terminal = terminalInUse else {
            return Report.line(line)
        }
        terminal.post(ShownText.harmless(line) + "\n")
    }

    /// Writes diagnostics of several lines, above what may still change.
    nonisolated func report(_ text: String) {
        let lines = text.hasSuffix("\n") ? String(text.dropLast()) : text
        if !insert(lines) { Report.text(text) }
    }

    func write(_ text: String) async throws {
        guard let last = text.last else { return }
        isInsideLine = !last.isNewline
        try await terminal.writeAnswer(text)
        if isInsideLine { holdLonger() } else { await releaseNotices() }
    }

    /// Notes that Python itself ends a line in the output of answers.
    nonisolated func linePrinted() { isInsideLine = false }

    /// Gives the terminal back; a line that is being read ends with the end of input.
    nonisolated func close() {
        let session = opened.withLock { opened in
            opened.isClosed = true
            return opened.session
        }
        if let session {
            leaveAnswer(on: session)
            session.close()
            session.drainOutput(within: 0.1)
        }
        for warning in takeWarnings() { Report.line("amaru: \(warning)") }
    }
}
