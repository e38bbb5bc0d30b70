// The loop of the command: a line of the user, an answer of the script.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import Foundation

/// A conversation between the user and a chat session.
struct Conversation: Sendable {
    let program: Program
    let screen: Screen
    let starting: Task<ChatSession, any Error>
    private let startFailure = LockedValue<(any Error)?>(nil)
    private let turns = TurnEnds()
    /// Whether Ctrl-C came since the last line was read, be it before the turn was open.
    private let isInterrupted = LockedValue(false)

    init(program: Program, screen: Screen, starting: Task<ChatSession, any Error>) {
        self.program = program
        self.screen = screen
        self.starting = starting
    }

    private static let interrupted: Int32 = 130

    // MARK: The three ways to converse

    /// Answers one prompt.
    func answerOnce(_ prompt: String) async throws -> Int32 {
        try await screen.handlingInterrupts({ noteInterrupt() }) {
            let session = try await started().session
            let code = try await exitCode(of: turn(prompt, in: session, key: ""))
            await end(session)
            return code
        }
    }

    /// Converses on a terminal until the input ends.
    func converse() async throws -> Int32 {
        program.trace("prompt shown")
        let warmUp = warmUp()
        defer { warmUp.cancel() }
        var isFirst = true
        while true {
            switch try await nextLine() {
            case .endOfInput:
                starting.cancel()
                if let failure = startFailure.withLock({ $0 }) { throw failure }
                // Taken first: the end of the session ends the program's events too.
                let code = turns.programEnd
                if !isFirst || code != nil, let session = try? await starting.value {
                    await end(session)
                }
                screen.close()
                return code ?? 0
            case .interrupted:
                await screen.notice("Ctrl-D ends the chat.")
            case .line(let line):
                guard !line.allSatisfy(\.isWhitespace) else { continue }
                isFirst = false
                isInterrupted.withLock { $0 = false }
                let (session, takesKey) = try await started()
                let key = takesKey ? program.keys.known ?? "" : ""
                let outcome = try await turn(line, in: session, key: key)
                if case .ended(let code) = outcome {
                    await end(session)
                    return code
                }
            }
        }
    }

    /// Gives each line of the input to a script that has started, one at a time.
    func answerLines(in session: ChatSession, key: String) async throws -> Int32 {
        var worst: Int32 = 0
        if turns.takesEvents() { showEvents(of: session) }
        return try await screen.handlingInterrupts({ noteInterrupt() }) {
            while true {
                switch try await nextLine() {
                case .endOfInput:
                    return turns.programEnd ?? worst
                case .interrupted:
                    return Self.interrupted
                case .line(let line):
                    guard !line.allSatisfy(\.isWhitespace) else { continue }
                    switch try await turn(line, in: session, key: key) {
                    case .answered: break
                    case .failed: worst = 1
                    case .interrupted: return Self.interrupted
                    case .ended(let code): return code
                    }
                }
            }
        }
    }

    private func noteInterrupt() { isInterrupted.withLock { $0 = true } }

    /// The next line, or the end of input where the script has ended the program.
    private func nextLine() async throws -> LineResult {
        do {
            return try await screen.readMessage()
        } catch let error as TerminalError where error.code == .closed {
            return .endOfInput
        }
    }

    // MARK: One turn

    /// Sends a message and waits until all that comes of it is shown.
    private func turn(_ message: String, in session: ChatSession, key: String) async throws
        -> TurnOutcome
    {
        try await screen.handlingInterrupts {
            noteInterrupt()
            await session.cancel()
        } _: {
            let turn = await session.send(message, key: key)
            // What came before the turn was open found nothing to cancel.
            if isInterrupted.withLock({ $0 }) { await session.cancel() }
            return try await turns.end(of: turn)
        }
    }

    /// Shows what happens, in a turn and between turns, until the session is over.
    private func showEvents(of session: ChatSession) {
        Task {
            do {
                for await event in session.events { try await show(event, in: session) }
                turns.programEnded(.success(1))
            } catch {
                turns.programEnded(.failure(error))
                screen.close()
            }
        }
    }

    private func show(_ event: ChatEvent, in session: ChatSession) async throws {
        switch event {
        case .text(_, let delta):
            try await screen.text(delta)
        case .display(_, let text):
            try await screen.text(text)
            try await screen.endAnswer()
        case .notice(let message):
            await screen.notice(message)
        case .finished(let turn, let reason):
            try await screen.endAnswer()
            turns.ended(turn, reason == "cancelled" ? .interrupted : .answered)
        case .failed(let turn, let failure):
            try await screen.endAnswer()
            await screen.notice("\(failure)")
            turns.ended(turn, .failed)
        case .ended(let failure):
            try await screen.endAnswer()
            if session.exitRequest == nil { await screen.notice("\(failure)") }
            turns.programEnded(.success(session.exitRequest ?? 1))
            screen.close()
        case .reasoning, .toolCall, .usage:
            break
        }
    }

    private func exitCode(of outcome: TurnOutcome) -> Int32 {
        switch outcome {
        case .answered: 0
        case .failed: 1
        case .interrupted: Self.interrupted
        case .ended(let code): code
        }
    }

    // MARK: Start and end

    /// Starts Python behind the prompt; where that fails, ends the reading of lines.
    private func warmUp() -> Task<Void, Never> {
        Task {
            do {
                _ = try await startedSession()
            } catch {
                startFailure.withLock { $0 = error }
                screen.close()
            }
        }
    }

    private func started() async throws -> (session: ChatSession, takesKey: Bool) {
        let task = Task { try await startedSession() }
        return try await screen.handlingInterrupts {
            noteInterrupt()
            starting.cancel()
            task.cancel()
        } _: {
            try await task.value
        }
    }

    private func startedSession() async throws -> (session: ChatSession, takesKey: Bool) {
        let session = try await starting.value
        if turns.takesEvents() { showEvents(of: session) }
        guard case .chat(let takesKey) = try await session.startOnce() else {
            throw ChatFailure(
                code: "script",
                message: "the script offers nothing that answers",
                remedy: ""
            )
        }
        return (session, takesKey)
    }

    private func end(_ session: ChatSession) async {
        screen.close()
        await session.shutDown()
    }
}
