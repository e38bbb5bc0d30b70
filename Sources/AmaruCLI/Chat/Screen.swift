// What the user sees: answers on standard output, everything else on standard error.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import Foundation

/// The two ends of the conversation with the user.
///
/// Text of models, scripts and plugins goes through ``EscapeFilter`` before it is written.
actor Screen {
    private let terminal: TerminalSession
    private let interruptHandler = LockedValue<(@Sendable () async -> Void)?>(nil)
    private var filter = EscapeFilter()
    private var isInsideLine = false

    /// Whether the user sits at a terminal and converses.
    nonisolated let isInteractive: Bool

    init(isConversation: Bool) throws {
        let variables = ProcessInfo.processInfo.environment
        terminal = try TerminalSession(environment: variables)
        isInteractive = isConversation && isatty(STDIN_FILENO) == 1
        relayInterrupts()
    }

    /// Runs `body`, and `handler` for each Ctrl-C that comes meanwhile.
    ///
    /// Without one, as while Python starts behind a finished prompt, Ctrl-C is dropped.
    nonisolated func handlingInterrupts<Value>(
        _ handler: @escaping @Sendable () async -> Void,
        _ body: () async throws -> Value
    ) async rethrows -> Value {
        let former = interruptHandler.withLock { current in
            defer { current = handler }
            return current
        }
        defer { interruptHandler.withLock { $0 = former } }
        return try await body()
    }

    /// Hands interrupts on; one task for ever, since ending an iteration ends the stream.
    private nonisolated func relayInterrupts() {
        Task { [terminal, interruptHandler] in
            for await _ in terminal.interrupts {
                await interruptHandler.withLock { $0 }?()
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
        terminal.suspend()
        defer { terminal.resume() }
        return try await HiddenPrompt.read(prompt)
    }

    // MARK: Out

    /// Writes more of an answer.
    func text(_ delta: String) async throws {
        let clean = filter.feed(delta)
        guard let last = clean.last else { return }
        isInsideLine = !last.isNewline
        try await terminal.write(clean)
    }

    /// Ends an answer, on a line of its own.
    func endAnswer() async throws {
        var rest = filter.finish()
        filter = EscapeFilter()
        if let last = rest.last { isInsideLine = !last.isNewline }
        if isInsideLine { rest += "\n" }
        isInsideLine = false
        if !rest.isEmpty { try await terminal.write(rest) }
    }

    /// Writes a line of diagnostics: below what is being written, above a line being typed.
    func notice(_ message: String) async {
        if isInteractive, isatty(STDERR_FILENO) == 1 {
            let start = isInsideLine ? "\n" : ""
            isInsideLine = false
            try? await terminal.write("\(start)amaru: \(EscapeFilter.clean(message))\n")
            return
        }
        if isInsideLine, isatty(STDOUT_FILENO) == 1 {
            isInsideLine = false
            try? await terminal.write("\n")
        }
        Report.line("amaru: \(message)")
    }

    nonisolated func close() { terminal.close() }
}
