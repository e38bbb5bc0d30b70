// The loop of the command: a line of the user, an answer of the script.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment

/// A conversation between the user and a chat script.
struct ChatLoop: Sendable {
    let program: Program
    let session: ChatSession

    private var screen: Screen { program.screen }

    /// Answers one prompt and returns the exit code.
    ///
    /// - Throws: What the start of the chat throws.
    func answer(_ prompt: String) async throws -> Int32 {
        let code = await end(with: Self.code(of: try await turn(prompt)))
        if code != ProcessEnd.interrupted { try? await showRest() }
        if let failure = session.startFailure as? EnvironmentError { throw failure }
        return code
    }

    /// Answers line after line until the input ends, and returns the exit code.
    ///
    /// - Throws: What the start of the chat throws, and `TerminalError`.
    func converse() async throws -> Int32 {
        let background = Task { try await showBackground() }
        defer { background.cancel() }
        var worst: Int32 = 0
        while true {
            switch try await nextLine() {
            case .endOfInput:
                return await end(with: try await codeOfProgram() ?? worst)
            case .interrupted:
                guard screen.isInteractive else { return await end(with: ProcessEnd.interrupted) }
                // Python is still in what an earlier Ctrl-C has stopped.
                guard session.isSettled else { program.leave(ProcessEnd.interrupted, of: session) }
                await screen.notice("Ctrl-D ends the chat.")
            case .completion:
                // Not asked for here, where Tab is text.
                continue
            case .line(let line):
                guard !line.allSatisfy(\.isWhitespace) else { continue }
                let code = Self.code(of: try await turn(line))
                if let code = try await codeOfProgram() { return await end(with: code) }
                if screen.isInteractive { continue }
                if code == ProcessEnd.interrupted { return await end(with: code) }
                worst = max(worst, code)
            }
        }
    }

    /// The next line, or the end of input when the script has ended the program.
    private func nextLine() async throws -> LineResult {
        do {
            // One that comes between two lines stops nothing of the next.
            return try await program.interrupts.during({ _ in }) { try await screen.readMessage() }
        } catch let error as TerminalError where error.code == .closed {
            return .endOfInput
        }
    }

    // MARK: One turn

    /// Sends a message and shows all that comes of it.
    ///
    /// The first Ctrl-C stops the turn, a second one the program, whatever Python does.
    private func turn(_ message: String) async throws -> TurnEnd {
        // Also after the turn: what the script says between turns is shown.
        screen.allowAnswer()
        defer { screen.allowAnswer() }
        let turn = session.send(message, key: program.keys.known ?? "")
        return try await program.interrupts.during { [program, session] count in
            guard count == 1 else { program.leave(ProcessEnd.interrupted, of: session) }
            program.screen.stopAnswer()
            if !turn.cancel() { program.screen.allowAnswer() }
        } _: {
            // The last one is that of the whole turn.
            var usage: TokenUsage?
            do {
                for try await event in turn {
                    if case .usage(let prompt, let completion) = event {
                        usage = TokenUsage(prompt: prompt, completion: completion)
                    }
                    try await screen.show(event)
                }
            } catch let failure as ChatFailure {
                try await screen.endAnswer()
                if failure.code == "start", let cause = failure.cause { throw cause }
                await screen.notice("\(failure)")
                if let hint = await program.hint(about: failure) { await screen.notice(hint) }
            }
            let end = turn.end ?? .cancelled
            if end == .cancelled {
                await screen.endStoppedAnswer()
                // A start that was under way is given up, and then so is the conversation.
                if screen.isInteractive { _ = try await session.start() }
            } else {
                try await screen.endAnswer()
            }
            await program.report(usage)
            return end
        }
    }

    private static func code(of end: TurnEnd) -> Int32 {
        switch end {
        case .finished: 0
        case .failed: 1
        case .cancelled: ProcessEnd.interrupted
        case .exited(let code): code
        }
    }

    // MARK: Start and end

    /// Starts Python behind the prompt, and shows what the script says between turns; when
    /// either ends, so does the reading of lines.
    private func showBackground() async throws {
        defer { screen.close() }
        if screen.isInteractive { program.trace("prompt shown") }
        _ = try await session.start()
        for try await event in session.background { try await screen.show(event) }
    }

    /// Shows what plugins have said since the answer of a chat that has ended.
    private func showRest() async throws {
        for try await event in session.background.viewer() { try await screen.show(event) }
    }

    /// The exit code of a program that its script, or a failed start, has ended.
    private func codeOfProgram() async throws -> Int32? {
        if let failure = session.startFailure { throw failure }
        guard let end = session.background.end else { return nil }
        if case .failed(let failure) = end { await screen.notice("\(failure)") }
        return Self.code(of: end)
    }

    private func end(with code: Int32) async -> Int32 {
        screen.close()
        let isHurried = code == ProcessEnd.interrupted
        await session.shutDown(grace: .milliseconds(isHurried ? 200 : 500))
        return code
    }
}
