// Both sides of a worker in one process, with Python.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruHTTP
import AmaruPython
import AmaruTesting
import Testing

@testable import AmaruServe

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite(.timeLimit(.minutes(5))) struct ChatWorkerTests {
    /// A pool whose one worker is in this process.
    private static func pool(
        _ source: String,
        grace: Duration = .seconds(30)
    ) throws -> WorkerPool {
        let folder = try TemporaryFolder()
        let script = try ChatScript(path: try folder.write(source, to: "chat.py").path)
        let executable = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        let session = ChatSession(
            ChatConfiguration(
                resources: try PythonResources(besides: executable),
                script: script,
                settings: ChatSettings(model: "m", baseURL: "http://127.0.0.1:1/v1"),
                network: try HTTPStack(over: NIOHTTPBackend()),
                bytecodeCache: folder.url.appending(path: "bytecode")
            ),
            limits: TurnLimits(open: 8)
        )
        let limits = TurnLimits(open: 8)
        let configuration = WorkerPool.Configuration(count: 1, limits: limits) { onLine in
            let (own, other) = try Descriptor.socketPair()
            let end = AsyncValue<String>()
            let worker = try ChatWorker(LineSocket(other), grace: grace) { end.set("exit code 1") }
            let run = Task {
                _ = try? await worker.begin()
                await worker.run(session, key: { "k" }, addKey: { _ in }) {
                    () async throws(ChatFailure) in
                    do {
                        return try await session.start() == .chat(takesKey: true)
                    } catch {
                        throw ChatFailure(code: "script", message: "\(error)")
                    }
                }
                end.set("exit code 0")
            }
            let server = try LineSocket(own)
            try server.start { onLine($0, server) }
            return WorkerProcess(
                socket: server,
                end: { await end.waitRegardlessOfCancellation() },
                kill: { run.cancel() }
            )
        }
        return WorkerPool(configuration)
    }

    private static func answer(_ pool: WorkerPool, _ text: String) async throws -> String {
        let question = ServedQuestion(question: text)
        var answer = ""
        for try await event in pool.send(question, key: "", in: nil) {
            if case .text(let more) = event { answer += more }
        }
        return answer
    }

    @Test func `A script waits for a reader that is slow, and answers others meanwhile`() async {
        await #expect(processExitsWith: .success) {
            let pool = try Self.pool(
                """
                import amaru
                written = 0
                @amaru.reply
                async def reply(message):
                    global written
                    if message == "count":
                        yield str(written)
                        return
                    for _ in range(200):
                        yield "x" * 65536
                        written += 1
                """
            )
            #expect(try await pool.start() == .chat(takesKey: false))
            let slow = pool.send(ServedQuestion(question: "much"), key: "", in: nil)
            // What the turns and the window on both sides hold, with some room.
            for _ in 0..<50 {
                let written = try #require(Int(try await Self.answer(pool, "count")))
                #expect(written < 16)
            }
            var size = 0
            for try await event in slow {
                if case .text(let text) = event { size += text.utf8.count }
            }
            #expect(size == 200 * 65536)
            #expect(slow.end == .finished(reason: "stop"))
            await pool.shutDown(grace: .seconds(5))
        }
    }

    @Test func `A sign of life comes before there is a script, and so whatever it does`()
        async throws
    {
        let (own, other) = try Descriptor.socketPair()
        let worker = try ChatWorker(LineSocket(other)) {}
        let server = try LineSocket(own)
        let answer = AsyncValue<WorkerReport?>()
        try server.start { line in
            answer.set(try? JSONDecoder().decode(WorkerReport.self, from: line))
        }
        server.send(WorkerCommand.ping)
        guard case .pong = try await answer.wait() else {
            Issue.record("something else came")
            return
        }
        server.close()
        await #expect(throws: CancellationError.self) { try await worker.begin() }
    }

    @Test func `What ends the script ends its turns, with the reason`() async {
        await #expect(processExitsWith: .success) {
            let pool = try Self.pool(
                """
                import amaru, sys
                @amaru.reply
                async def reply(message):
                    yield "bye"
                    sys.exit(3)
                """
            )
            let turn = pool.send(ServedQuestion(question: "a"), key: "", in: nil)
            _ = try await pool.start()
            var text = ""
            for try await case .text(let more) in turn { text += more }
            #expect(text == "bye")
            #expect(turn.end == .exited(3))
        }
    }

    @Test func `Code in C that loops on after Stop ends its worker`() async {
        await #expect(processExitsWith: .success) {
            let pool = try Self.pool(
                """
                import amaru, itertools
                @amaru.reply
                async def reply(message):
                    yield "looping"
                    sum(itertools.repeat(0))
                """,
                grace: .milliseconds(50)
            )
            _ = try await pool.start()
            let turn = pool.send(ServedQuestion(question: "a"), key: "", in: nil)
            for try await case .text in turn { break }
            turn.cancel()
            for try await case .notice(let text) in pool.background.viewer() {
                #expect(text.contains("the script did not stop when it was told to"))
                // Nothing ends Python's thread.
                _exit(0)
            }
        }
    }

    @Test func `A script that computes while another turn is stopped goes on`() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            let path = folder.url.appending(path: "go").path
            let grace = Duration.milliseconds(10)
            let pool = try Self.pool(
                """
                import amaru, asyncio, os
                @amaru.reply
                async def reply(message):
                    yield "begun"
                    if message == "wait": await asyncio.sleep(600)
                    while not os.path.exists("\(path)"): pass
                    yield " done"
                """,
                grace: grace
            )
            _ = try await pool.start()
            let waiting = pool.send(ServedQuestion(question: "wait"), key: "", in: nil)
            for try await case .text in waiting { break }
            let computing = pool.send(ServedQuestion(question: "compute"), key: "", in: nil)
            var text = ""
            for try await case .text(let more) in computing {
                text += more
                guard more == "begun" else { continue }
                waiting.cancel()
                try await Task.sleep(for: grace * 20)
                try folder.write("", to: "go")
            }
            #expect(text == "begun done")
            #expect(computing.end == .finished(reason: "stop"))
            await pool.shutDown(grace: .seconds(5))
        }
    }
}
