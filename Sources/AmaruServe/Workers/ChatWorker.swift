// A session that answers for a server in another process.
// SPDX-License-Identifier: Apache-2.0

import Amaru
package import AmaruChat
package import AmaruEnvironment

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Answers what comes over a socket, until the server or the script ends.
///
/// ```swift
/// let worker = try ChatWorker(LineSocket(Descriptor(inheritedSocket: 3))) { exit(1) }
/// let start = try await worker.begin()
/// await worker.run(session, key: { "" }, addKey: { _ in }, start: { … })
/// ```
package final class ChatWorker: Sendable {
    private struct OpenTurn {
        let turn: Turn
        let window: SendWindow
        var task: Task<Void, Never>?
    }

    /// The most that an event holds beside a file, which may be as large: both fit into a line.
    private static let eventLimit = Attachment.answerLimit
    /// How long the last events of a script that has ended may take.
    private static let patience = Duration.seconds(1)

    private let socket: LineSocket
    private let grace: Duration
    private let abort: @Sendable () -> Void
    private let commands: AsyncStream<WorkerCommand>
    private let ending: @Sendable () -> Void
    private let turns = Lock<[Int: OpenTurn]>([:])

    /// Begins to read what the server sends.
    ///
    /// - Parameters:
    ///   - socket: The connection to the server.
    ///   - grace: How long Python may stay busy once all of its turns have been stopped.
    ///   - abort: Ends the process at once: nothing else interrupts a loop in C.
    /// - Throws: `PosixError` if no thread can be started.
    package init(
        _ socket: LineSocket,
        grace: Duration = .seconds(30),
        abort: @escaping @Sendable () -> Void
    ) throws {
        (self.grace, self.abort) = (grace, abort)
        let (commands, continuation) = AsyncStream<WorkerCommand>.makeStream()
        self.socket = socket
        self.commands = commands
        ending = { continuation.finish() }
        try socket.start { line in
            guard let command = try? JSONDecoder().decode(WorkerCommand.self, from: line) else {
                return socket.close()
            }
            if case .ping = command { return socket.send(WorkerReport.pong) }
            continuation.yield(command)
        }
        Task {
            _ = await socket.ended.waitRegardlessOfCancellation()
            continuation.finish()
        }
    }

    /// Waits for what to run.
    ///
    /// - Throws: `CancellationError` if the server has gone.
    package func begin() async throws -> WorkerStart {
        for await command in commands {
            if case .begin(let start) = command { return start }
            break
        }
        throw CancellationError()
    }

    /// Answers until the server closes the socket, or the script has ended.
    ///
    /// - Parameters:
    ///   - session: What answers, with the limits of the pool.
    ///   - key: The placeholder that the script gets as its key.
    ///   - addKey: Called with a key that was typed.
    ///   - start: Starts the session; returns whether its script takes a key with each message.
    package func run(
        _ session: ChatSession,
        key: @escaping @Sendable () -> String,
        addKey: @escaping @Sendable (String) -> Void,
        start: @escaping @Sendable () async throws(ChatFailure) -> Bool
    ) async {
        let supervision = Task {
            await supervise(session, start)
            let tasks = turns.withLock { $0.values.compactMap(\.task) }
            try? await abandonable(within: Self.patience) {
                for task in tasks { await task.value }
            }
            await flush()
            ending()
        }
        for await command in commands {
            switch command {
            case .begin, .ping: break
            case .key(let key): addKey(key)
            case .send(let id, let question): open(id, session.send(question, key: key(), in: nil))
            case .cancel(let id): cancel(id)
            case .taken(let id, let bytes):
                turns.withLock { $0[id]?.window }?.taken(bytes)
            }
        }
        supervision.cancel()
    }

    private func supervise(
        _ session: ChatSession,
        _ start: @Sendable () async throws(ChatFailure) -> Bool
    ) async {
        do throws(ChatFailure) {
            let takesKey = try await start()
            let offer = WorkerOffer(
                takesKey: takesKey,
                readsRequests: await session.readsRequests(),
                model: session.model
            )
            socket.send(WorkerReport.ready(offer))
        } catch {
            return socket.send(WorkerReport.failed(error))
        }
        let background = session.background
        let window = SendWindow()
        let id = WorkerReport.background
        turns.withLock { $0[id] = OpenTurn(turn: background, window: window) }
        await forward(background, background.viewer().makeAsyncIterator(), through: window, as: id)
        socket.send(WorkerReport.end(turn: id, background.end ?? .cancelled))
    }

    // MARK: Turns

    private func open(_ id: Int, _ turn: Turn) {
        let window = SendWindow()
        turns.withLock { turns in
            let task = Task {
                // As its owner: a script that writes faster than is read has to wait.
                await forward(turn, turn.makeAsyncIterator(), through: window, as: id)
                if turn.end == .cancelled, turn.isDelivered { await waitForPython() }
                self.turns.withLock { $0[id] = nil }
                socket.send(WorkerReport.end(turn: id, turn.end ?? .cancelled))
            }
            turns[id] = OpenTurn(turn: turn, window: window, task: task)
        }
    }

    private func forward(
        _ turn: Turn,
        _ events: TurnEvents.Iterator,
        through window: SendWindow,
        as id: Int
    ) async {
        var events = events
        // A turn's failure is its end, which is sent after its events.
        while let batch = try? await events.nextBatch() {
            if batch.contains(where: { $0.size - $0.fileSize > Self.eventLimit }) {
                turn.cancel(because: Self.tooLarge)
                continue
            }
            window.sent(batch.reduce(0) { $0 + $1.size })
            socket.send(WorkerReport.events(turn: id, batch)) {
                turn.cancel(because: Self.tooLarge)
            }
            await window.wait()
        }
    }

    private static let tooLarge = ChatFailure(
        code: "too_long",
        message: "a part of the answer has more than \(eventLimit >> 20) MiB",
        remedy: "have the script send it in smaller parts"
    )

    private func cancel(_ id: Int) {
        guard let open = turns.withLock({ $0[id] }) else { return }
        open.turn.cancel()
        open.window.close()
    }

    // MARK: Ends

    /// Sends what has been written, and closes the socket.
    private func flush() async {
        socket.finish()
        try? await abandonable(within: Self.patience) { [socket] in
            try await socket.finished.wait()
        }
    }

    /// Waits until Python runs something else, so that a stopped turn counts for as long as it
    /// keeps the interpreter busy; ends the process if it keeps it for nobody.
    private func waitForPython() async {
        let isTaken = AsyncValue<Void>()
        Task { @PythonActor in isTaken.set(()) }
        while (try? await abandonable(within: grace) { try await isTaken.wait() }) == nil {
            // Turns that nobody has stopped may compute for as long as they like.
            let areAllStopped = turns.withLock { turns in
                turns.allSatisfy { $0 == WorkerReport.background || $1.turn.end == .cancelled }
            }
            guard areAllStopped else { continue }
            socket.send(WorkerReport.failed(Self.stuck))
            await flush()
            return abort()
        }
    }

    private static let stuck = ChatFailure(
        code: "worker",
        message: "the script did not stop when it was told to"
    )
}
