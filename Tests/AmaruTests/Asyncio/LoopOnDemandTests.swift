// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

/// Each in a process of its own: asyncio is imported once.
@Suite("The loop is made when something needs it", .serialized, .timeLimit(.minutes(5)))
struct LoopOnDemandTests {
    @Test("A program that only computes imports no more than CPython's own start")
    func imports() async {
        await #expect(processExitsWith: .success) {
            let namespace = try await PythonActor.run { try Python.eval("{}") }
            let value = try await Python.run("x = 6\nx * 7", globals: namespace)
            try await Python.runFile("y = x + 1", path: "/tmp/amaru-plain.py", globals: namespace)
            #expect(try await PythonActor.run { try value.converted(to: Int.self) } == 42)
            let loaded = try await PythonActor.run {
                try Python.eval("list(__import__('sys').modules)", as: [String].self)
            }
            let plain = try modulesOfPlainStart()
            // `site` reads its files in the encoding of the locale, which is that of the test's.
            let own: Set = ["_amaru_runtime", "_ast", "encodings.ascii"]
            let more = Set(loaded).subtracting(plain).subtracting(own)
            #expect(more == [], "\(more)")
        }
    }

    @Test("A job that imports asyncio has a running loop, and its task runs")
    func importInJob() async {
        await #expect(processExitsWith: .success) {
            try await Job.startTask()
            let seen = try await Job.seen()
            #expect(seen == ["running", "loop is current", "task"])
        }
    }

    @Test("The second job finds the loop that the first one's import made")
    func laterJob() async {
        await #expect(processExitsWith: .success) {
            try await PythonActor.run { try Python.exec("import asyncio") }
            #expect(try await Job.hasRunningLoop())
        }
    }

    @Test(
        "Synchronous code that imports asyncio has no running loop, but the home loop as its own",
        arguments: [
            "import asyncio\nassert asyncio.run(work()) == 5",
            "import asyncio\nasyncio.run(work())\nassert asyncio.run(work()) == 5",
            """
            import asyncio
            asyncio.get_event_loop().create_task(work())
            try:
                asyncio.get_running_loop()
            except RuntimeError:
                pass
            else:
                raise AssertionError('a loop is running')
            """,
            """
            import threading
            thread = threading.Thread(target=__import__, args=('asyncio',))
            thread.start()
            thread.join()
            import asyncio
            asyncio.get_event_loop().create_task(work())
            """,
        ]
    )
    func synchronousCode(source: String) async {
        await #expect(processExitsWith: .success) { [source = source as String] in
            let seen = try await PythonActor.run {
                try Python.exec("seen = []\nasync def work():\n    seen.append(5)\n    return 5")
                try Python.exec(source)
                return try Python.eval("seen")
            }
            // A task of the home loop runs as soon as that does.
            while try await PythonActor.run({ try Python.len(seen) }) == 0 { await Task.yield() }
            try await Python.run("import asyncio\nawait asyncio.sleep(0)")
        }
    }

    @Test("An async function that synchronous code calls has a future of the home loop")
    func exportedFunction() async {
        await #expect(processExitsWith: .success) {
            let (values, give) = AsyncStream<Int>.makeStream()
            try await Python.register(
                PythonModule("demand") {
                    PythonFunction("later") { () async throws -> Int in
                        var iterator = values.makeAsyncIterator()
                        return await iterator.next() ?? 0
                    }
                }
            )
            let future = try await PythonActor.run {
                try Python.import("demand").later() as PythonObject
            }
            give.yield(7)
            let value = try await Job.awaiting(future)
            #expect(value == 7)
        }
    }

    @Test("A coroutine is awaited, and values of context variables reach it")
    func coroutine() async {
        await #expect(processExitsWith: .success) {
            try await Job.setContextVariable()
            let value = try await Python.run(
                "import asyncio\nawait asyncio.sleep(0, variable.get())",
                globals: Python.globals()
            )
            #expect(try await PythonActor.run { try Python.str(value) } == "before the loop")
        }
    }

    @Test("The handler of a signal runs though nothing else does, and may ask for an exit")
    func signals() async {
        await #expect(processExitsWith: .success) {
            let (statuses, report) = AsyncStream<PythonExitStatus>.makeStream()
            try await Python.start(PythonConfiguration(onExitRequest: { report.yield($0) }))
            try await PythonActor.run {
                try Python.exec(
                    "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit('ended'))"
                )
            }
            kill(getpid(), SIGTERM)
            var iterator = statuses.makeAsyncIterator()
            #expect(await iterator.next() == PythonExitStatus(code: 1, message: "ended"))
            let imported = try await PythonActor.run {
                try Python.eval("'asyncio' in __import__('sys').modules", as: Bool.self)
            }
            #expect(!imported)
        }
    }

    @Test("A child of os.fork imports asyncio, and runs a loop of its own")
    func forkedChild() async {
        await #expect(processExitsWith: .success) {
            let status = try await PythonActor.run {
                try Python.exec(
                    """
                    import os
                    child = os.fork()
                    if child == 0:
                        code = 1
                        try:
                            import asyncio
                            code = asyncio.run(asyncio.sleep(0, 23))
                        finally:
                            os._exit(code)
                    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                    """
                )
                return try Python.eval("status", as: Int.self)
            }
            #expect(status == 23)
        }
    }

    @Test("Cancelling a task interrupts the call that it waits for")
    func interrupt() async {
        await #expect(processExitsWith: .success) {
            let (started, signal) = AsyncStream<Void>.makeStream()
            try await Python.register(
                PythonModule("demand_started") {
                    PythonFunction("started") { () in _ = signal.yield() }
                }
            )
            let task = Task {
                try await PythonActor.run {
                    try Python.exec(
                        "import demand_started\ndemand_started.started()\nwhile True: pass"
                    )
                }
            }
            var iterator = started.makeAsyncIterator()
            _ = await iterator.next()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }

    @Test("Shutting down without a loop runs the exit functions")
    func shutDown() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent])
        {
            try await PythonActor.run {
                try Python.exec("import atexit\natexit.register(print, 'exit function')")
            }
            #expect(await Python.shutDown(grace: .seconds(20)) == [])
            #expect(!Python.isRunning)
        }
        let output = try #require(result).standardOutputContent
        #expect(String(decoding: output, as: UTF8.self).contains("exit function"))
    }
}

/// Jobs of the actor that are not `PythonActor.run`.
@PythonActor
private enum Job {
    static func startTask() throws {
        try Python.exec(
            """
            import asyncio
            seen = []
            async def work(): seen.append('task')
            asyncio.get_running_loop()
            seen.append('running')
            if asyncio.get_event_loop() is asyncio.get_running_loop():
                seen.append('loop is current')
            task = asyncio.create_task(work())
            """
        )
    }

    static func seen() async throws -> [String] {
        _ = try await Python.eval("task").awaited()
        return try Python.eval("seen", as: [String].self)
    }

    static func hasRunningLoop() throws -> Bool {
        try Python.eval("asyncio.get_running_loop().is_running()", as: Bool.self)
    }

    static func awaiting(_ future: PythonObject) async throws -> Int {
        try await future.awaited().converted()
    }

    static func setContextVariable() throws {
        try Python.exec(
            """
            import contextvars
            variable = contextvars.ContextVar('variable')
            variable.set('before the loop')
            """
        )
    }
}

/// The names in `sys.modules` of the interpreter of the same installation, started in isolation.
private func modulesOfPlainStart() throws -> Set<String> {
    let process = Process()
    process.executableURL = URL(filePath: try LinkedPython.interpreter())
    process.arguments = ["-I", "-c", "import sys; print(*sys.modules)"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Set(
        String(decoding: data, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(String.init)
    )
}
