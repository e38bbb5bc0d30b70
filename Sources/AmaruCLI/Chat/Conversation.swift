// The loop of the command: a line of the user, an answer of the script.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import Foundation

/// A conversation between the user and a chat session.
struct Conversation {
    /// How a turn ended.
    private enum Outcome {
        case answered
        case failed
        case interrupted
        /// The script cannot go on.
        case ended(Int32)
    }

    let program: Program
    let screen: Screen
    let starting: Task<ChatSession, any Error>
    private let startFailure = LockedValue<(any Error)?>(nil)

    init(program: Program, screen: Screen, starting: Task<ChatSession, any Error>) {
        self.program = program
        self.screen = screen
        self.starting = starting
    }

    private static let interrupted: Int32 = 130

    // MARK: The three ways to converse

    /// Answers one prompt.
    func answerOnce(_ prompt: String) async throws -> Int32 {
        let session = try await started().session
        let code = try await exitCode(of: turn(prompt, in: session, key: ""))
        await end(session)
        return code
    }

    /// Converses on a terminal until the input ends.
    func converse() async throws -> Int32 {
        program.trace("prompt shown")
        let warmUp = warmUp()
        defer { warmUp.cancel() }
        var code: Int32 = 0
        var isFirst = true
        while true {
            switch try await screen.readMessage() {
            case .endOfInput:
                starting.cancel()
                if let failure = startFailure.withLock({ $0 }) { throw failure }
                if !isFirst, let session = try? await starting.value { await end(session) }
                screen.close()
                return code
            case .interrupted:
                await screen.notice("Ctrl-D ends the chat.")
            case .line(let line):
                guard !line.allSatisfy(\.isWhitespace) else { continue }
                isFirst = false
                let (session, takesKey) = try await started()
                let key = takesKey ? program.keys.known ?? "" : ""
                let outcome = try await turn(line, in: session, key: key)
                if case .ended(let given) = outcome {
                    code = given
                    await end(session)
                    return code
                }
            }
        }
    }

    /// Gives each line of the input to a script that has started, one at a time.
    func answerLines(in session: ChatSession, key: String) async throws -> Int32 {
        var worst: Int32 = 0
        while case .line(let line) = try await screen.readMessage() {
            guard !line.allSatisfy(\.isWhitespace) else { continue }
            let outcome = try await turn(line, in: session, key: key)
            switch outcome {
            case .answered: break
            case .failed: worst = 1
            case .interrupted: return Self.interrupted
            case .ended(let code): return code
            }
        }
        return worst
    }

    // MARK: One turn

    /// Sends a message and shows what comes until the turn is over.
    private func turn(_ message: String, in session: ChatSession, key: String) async throws
        -> Outcome
    {
        try await screen.handlingInterrupts({ await session.cancel() }) {
            let turn = await session.send(message, key: key)
            for await event in session.events {
                if let outcome = try await show(event, of: turn, in: session) {
                    try await screen.endAnswer()
                    return outcome
                }
            }
            return .ended(1)
        }
    }

    private func show(_ event: ChatEvent, of turn: Int, in session: ChatSession) async throws
        -> Outcome?
    {
        switch event {
        case .text(_, let delta):
            try await screen.text(delta)
        case .display(_, let text):
            try await screen.text(text)
            try await screen.endAnswer()
        case .notice(let message):
            await screen.notice(message)
        case .finished(turn, let reason):
            return reason == "cancelled" ? .interrupted : .answered
        case .failed(turn, let failure):
            await screen.notice("\(failure)")
            return .failed
        case .ended(let failure):
            if let code = session.exitRequest { return .ended(code) }
            await screen.notice("\(failure)")
            return .ended(1)
        case .reasoning, .toolCall, .usage, .finished, .failed:
            break
        }
        return nil
    }

    private func exitCode(of outcome: Outcome) -> Int32 {
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
                let session = try await starting.value
                _ = try await session.startOnce()
            } catch {
                startFailure.withLock { $0 = error }
                screen.close()
            }
        }
    }

    private func started() async throws -> (session: ChatSession, takesKey: Bool) {
        try await screen.handlingInterrupts({ starting.cancel() }) {
            let session = try await starting.value
            guard case .chat(let takesKey) = try await session.startOnce() else {
                throw ChatFailure(
                    code: "script",
                    message: "the script offers nothing that answers",
                    remedy: ""
                )
            }
            return (session, takesKey)
        }
    }

    private func end(_ session: ChatSession) async {
        screen.close()
        await session.shutDown()
    }
}
