// The loop of the command: a line of the user, an answer of the script.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment

/// A conversation between the user and a chat script.
struct ChatLoop: Sendable {
    let program: Program
    let session: ChatSession
    let record: ChatRecord
    /// Whether the slash commands of a conversation are for this one.
    var hasCommands = false

    private static let prompt = "> "

    private var screen: Screen { program.screen }

    private var lines: LineReader {
        let own = hasCommands ? ConversationCommand.allCases.map(\.rawValue) : []
        let completer = ChatCompleter(variables: program.variables) { [session] in
            own + (await session.commandNames())
        }
        return LineReader(program: program, kind: .message, completion: completer.complete)
    }

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
        let lines = lines
        let background = Task { [session] in
            try await lines.showBackground(of: session) {
                if screen.isInteractive { program.trace("prompt shown") }
                _ = try await session.start()
            }
        }
        defer { background.cancel() }
        var worst: Int32 = 0
        /// A former message that the user is changing.
        var draft: String?
        while true {
            let line = try await lines.next(Self.prompt, changing: draft)
            let isChanged = draft != nil
            draft = nil
            switch line {
            case .endOfInput:
                return await end(with: try await codeOfProgram() ?? worst)
            case .interrupted:
                guard screen.isInteractive else { return await end(with: ProcessEnd.interrupted) }
                // Python is still in what an earlier Ctrl-C has stopped.
                guard session.isSettled else { program.leave(ProcessEnd.interrupted, of: session) }
                await screen.notice("Ctrl-D ends the chat.")
            case .cleared, .completion, .editing:
                continue
            case .line(let line):
                guard !line.allSatisfy(\.isWhitespace) else { continue }
                let message: String
                switch await outcome(of: isChanged ? "/edit \(line)" : line) {
                case .message(let text): message = text
                case .draft(let text):
                    draft = text
                    continue
                case .shown(let text):
                    try await screen.show(.display(text))
                    continue
                case .refused(let reason):
                    await screen.notice(reason)
                    continue
                }
                let code = Self.code(of: try await turn(message))
                if let code = try await codeOfProgram() { return await end(with: code) }
                if screen.isInteractive { continue }
                if code == ProcessEnd.interrupted { return await end(with: code) }
                worst = max(worst, code)
            }
        }
    }

    /// What becomes of a line: most are messages.
    private func outcome(of line: String) async -> ConversationCommand.Outcome {
        guard hasCommands, screen.isInteractive,
            let (command, rest) = ConversationCommand.parse(line)
        else { return .message(line) }
        return await command.run(rest, on: record)
    }

    // MARK: One turn

    /// Sends a message and shows all that comes of it.
    ///
    /// The first Ctrl-C stops the turn, a second one the program, whatever Python does.
    private func turn(_ message: String) async throws -> TurnEnd {
        // Also after the turn: what the script says between turns is shown.
        screen.allowAnswer()
        defer { screen.allowAnswer() }
        // What is typed meanwhile is the next message.
        screen.terminalInUse?.typeAhead(LineRequest(prompt: Self.prompt, kind: .message))
        defer { screen.terminalInUse?.typeAhead(nil) }
        let history = await record.history()
        let turn = session.send(message, key: program.keys.known ?? "", after: history)
        if !screen.isInteractive || !hasCommands || !ConversationCommand.isCommand(message) {
            record.begin(turn, message)
        }
        defer { record.end() }
        return try await program.interrupts.during { [program, session] count in
            guard count == 1 else { program.leave(ProcessEnd.interrupted, of: session) }
            program.screen.stopAnswer()
            // They were meant for what comes after the answer.
            program.screen.terminalInUse?.takeBackQueue()
            if !turn.cancel() { program.screen.allowAnswer() }
        } _: {
            do {
                for try await event in turn { try await screen.show(event) }
            } catch let failure as ChatFailure {
                try await screen.endAnswer()
                if failure.code == "start", let cause = failure.cause { throw cause }
                await screen.notice("\(failure)")
            }
            let end = turn.end ?? .cancelled
            if end == .cancelled {
                await screen.endStoppedAnswer()
                // A start that was under way is given up, and then so is the conversation.
                if screen.isInteractive { _ = try await session.start() }
            } else {
                try await screen.endAnswer()
            }
            if let failure = record.takeFailure() { await screen.notice(failure) }
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
        await record.finish()
        if let failure = record.takeFailure() { await screen.notice(failure) }
        screen.close()
        let isHurried = code == ProcessEnd.interrupted
        await session.shutDown(grace: .milliseconds(isHurried ? 200 : 500))
        return code
    }
}
