// A worker that is a part of the test: no process, no Python.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruEnvironment
import Testing

@testable import AmaruServe

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The other side of a pool's socket.
final class FakeWorker: Sendable {
    let process: WorkerProcess
    private let socket: LineSocket
    private let commands: AsyncStream<WorkerCommand>
    private let end = AsyncValue<String>()

    /// - `isAlive`: Whether it answers when it is asked for a sign of life.
    init(isAlive: Bool = true, _ onLine: @escaping WorkerProcess.OnLine = { _, _ in }) throws {
        let (own, other) = try Descriptor.socketPair()
        let socket = try LineSocket(own)
        self.socket = socket
        let (commands, continuation) = AsyncStream<WorkerCommand>.makeStream()
        self.commands = commands
        try socket.start { line in
            do {
                let command = try JSONDecoder().decode(WorkerCommand.self, from: line)
                guard case .ping = command else {
                    continuation.yield(command)
                    return
                }
                if isAlive { socket.send(WorkerReport.pong) }
            } catch {
                Issue.record(error)
            }
        }
        let end = end
        let server = try LineSocket(other)
        try server.start { onLine($0, server) }
        process = WorkerProcess(
            socket: server,
            end: { await end.waitRegardlessOfCancellation() },
            kill: { end.set("signal 9") }
        )
        Task {
            await socket.ended.waitRegardlessOfCancellation()
            // As a worker does whose server has gone.
            end.set("exit code 0")
            continuation.finish()
        }
    }

    func report(_ report: WorkerReport) { socket.send(report) }

    func sendRaw(_ line: String) { socket.send { Array(line.utf8) } }

    func isReady(takesKey: Bool = false, model: String? = nil) {
        report(.ready(WorkerOffer(takesKey: takesKey, readsRequests: true, model: model)))
    }

    /// Ends once the pool has been sent what was reported.
    func leave() async {
        socket.finish()
        await socket.finished.waitRegardlessOfCancellation()
        end.set("exit code 0")
    }

    func die(_ how: String) { end.set(how) }

    /// The next thing that the worker is told.
    func command() async throws -> WorkerCommand {
        try #require(await commands.first { _ in true })
    }

    /// The next message, once what the worker runs has been said.
    func message() async throws -> (id: Int, question: ServedQuestion) {
        for await case .send(let id, let question) in commands { return (id, question) }
        throw CancellationError()
    }
}

/// A key that the user types at some time.
final class Typed: Sendable {
    private let key = Lock<String?>(nil)

    var value: String? {
        get { key.withLock { $0 } }
        set { key.withLock { $0 = newValue } }
    }
}

/// A pool of fake workers.
struct FakePool {
    let pool: WorkerPool
    /// The workers as they are launched.
    let launched: AsyncStream<FakeWorker>

    init(
        count: Int,
        limits: TurnLimits = TurnLimits(open: 4, waiting: 4),
        start: WorkerStart = WorkerStart(),
        key: @escaping @Sendable () -> String? = { nil },
        heartbeat: Duration = .seconds(10),
        isAlive: @escaping @Sendable () -> Bool = { true }
    ) {
        let (launched, continuation) = AsyncStream<FakeWorker>.makeStream()
        self.launched = launched
        var configuration = WorkerPool.Configuration(
            count: count,
            limits: limits,
            start: start,
            key: key
        ) { onLine in
            let worker = try FakeWorker(isAlive: isAlive(), onLine)
            continuation.yield(worker)
            return worker.process
        }
        configuration.delay = { _ in .zero }
        configuration.heartbeat = heartbeat
        pool = WorkerPool(configuration)
    }

    func worker() async throws -> FakeWorker {
        try #require(await launched.first { _ in true })
    }

    /// Starts the pool, and returns its workers, which are ready.
    func started(_ count: Int = 1) async throws -> [FakeWorker] {
        async let offer = pool.start()
        var workers: [FakeWorker] = []
        for _ in 0..<count {
            let worker = try await worker()
            worker.isReady()
            workers.append(worker)
        }
        _ = try await offer
        return workers
    }
}
