// One run of a named script: its own code first, then the chat if it offers one.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import Foundation

/// Runs a script as `python` would, and converses with it if it can.
struct ScriptRun {
    let program: Program
    let script: ChatScript

    /// A script may leave threads that do their work to the end, as under `python`.
    private static let patience = Duration.seconds(24 * 3600)

    func run() async throws -> Int32 {
        let input = LazyScreen()
        let session = try await interruptible {
            try await program.prepare(.named(script), input)
        }
        let offer: ChatSession.Offer
        do {
            offer = try await interruptible { try await session.startOnce() }
        } catch let exception as PythonException where exception.typeName == "SystemExit" {
            let (code, text) = try await session.exitStatus(of: exception)
            Report.text(text)
            await session.shutDown(grace: Self.patience)
            return code
        } catch let exception as PythonException {
            let isReported = await session.report(exception)
            let code = isReported ? Report.code(of: exception) : Report.failure(exception)
            await session.shutDown(grace: Self.patience)
            return code
        } catch {
            let code = Report.failure(error)
            await session.shutDown()
            return code
        }
        guard case .chat(let takesKey) = offer else {
            await session.shutDown(grace: Self.patience)
            return session.exitRequest ?? 0
        }
        return try await converse(session, takesKey: takesKey, screen: try input.screen())
    }

    private func converse(_ session: ChatSession, takesKey: Bool, screen: Screen) async throws
        -> Int32
    {
        let key =
            takesKey
            ? try await program.keys.placeholder { try await screen.readKey(prompt: $0) } : ""
        let chat = Conversation(program: program, screen: screen, starting: Task { session })
        let code =
            screen.isInteractive
            ? try await chat.converse() : try await chat.answerLines(in: session, key: key)
        screen.close()
        await session.shutDown()
        return code
    }

    /// Runs the script's code; Ctrl-C interrupts it.
    private func interruptible<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let signals = SignalSource([SIGINT])
        let task = Task { try await body() }
        let watch = Task {
            var isFirst = true
            for await _ in signals.signals {
                // A task is cancelled once; a script that goes on is interrupted again.
                if isFirst { task.cancel() } else { Python.interrupt() }
                isFirst = false
            }
        }
        defer {
            watch.cancel()
            signals.cancel()
        }
        return try await task.value
    }
}

/// The screen, taken over when a line is needed first: a script that only runs keeps the terminal.
final class LazyScreen: Sendable {
    private let made: LockedValue<Screen?>

    init(_ screen: Screen? = nil) { made = LockedValue(screen) }

    func screen() throws -> Screen {
        try made.withLock { made in
            if let made { return made }
            let screen = try Screen(isConversation: true)
            made = screen
            return screen
        }
    }
}
