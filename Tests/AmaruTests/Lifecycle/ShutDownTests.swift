// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

/// Each in a process of its own, as Python ends once; the time limit is the proof of no hang.
@Suite("Shutting down ends in order, and never hangs", .serialized, .timeLimit(.minutes(5)))
struct ShutDownTests {
    @Test("A main() that never returns is cancelled and may clean up, slowly")
    func endlessMain() async {
        await #expect(processExitsWith: .success) {
            let cleaned = Recorder<String>()
            try await registerNote(cleaned)
            try await runAlone(
                """
                import asyncio, shutdown_note
                async def main():
                    try:
                        while True:
                            await asyncio.sleep(3600)
                    finally:
                        # Longer than a shutdown that cancels again and again would leave.
                        await asyncio.sleep(0.3)
                        shutdown_note.note('cleaned')
                task = asyncio.create_task(main())
                await asyncio.sleep(0)
                """
            )
            #expect(await Python.shutDown(grace: .seconds(20)) == [])
            #expect(cleaned.values == ["cleaned"])
        }
    }

    @Test("A task that swallows cancellation is named and given up")
    func swallowing() async {
        await #expect(processExitsWith: .success) {
            try await runAlone(
                """
                import asyncio
                async def stubborn():
                    while True:
                        try:
                            await asyncio.sleep(3600)
                        except asyncio.CancelledError:
                            pass
                task = asyncio.create_task(stubborn(), name='stubborn')
                await asyncio.sleep(0)
                """
            )
            #expect(await Python.shutDown(grace: .milliseconds(200)) == ["task stubborn"])
            #expect(!Python.isRunning)
        }
    }

    @Test("A task that swallows one cancellation gets another")
    func swallowingOnce() async {
        await #expect(processExitsWith: .success) {
            try await runAlone(
                """
                import asyncio
                async def once():
                    try:
                        await asyncio.sleep(3600)
                    except asyncio.CancelledError:
                        await asyncio.sleep(3600)
                task = asyncio.create_task(once())
                await asyncio.sleep(0)
                """
            )
            #expect(await Python.shutDown(grace: .seconds(2)) == [])
        }
    }

    @Test("A thread of the executor that is stuck is named")
    func executorThread() async {
        await #expect(processExitsWith: .success) {
            try await runAlone(
                """
                import asyncio, threading
                entered = threading.Event()
                def block():
                    entered.set()
                    threading.Event().wait()
                future = asyncio.get_running_loop().run_in_executor(None, block)
                await asyncio.sleep(0)
                entered.wait()
                """
            )
            let stuck = await Python.shutDown(grace: .milliseconds(200))
            #expect(stuck.count == 1)
            #expect(stuck.first?.hasPrefix("thread asyncio_") == true)
        }
    }

    @Test("An idle thread of the executor ends")
    func idleExecutor() async {
        await #expect(processExitsWith: .success) {
            try await runAlone(
                """
                import asyncio
                await asyncio.get_running_loop().run_in_executor(None, lambda: None)
                """
            )
            #expect(await Python.shutDown(grace: .seconds(20)) == [])
        }
    }

    @Test("A thread that is no daemon and stuck is named; a daemon is left alone")
    func thread() async {
        await #expect(processExitsWith: .success) {
            try await runAlone(
                """
                import threading
                wait = threading.Event().wait
                threading.Thread(target=wait, name='stuck').start()
                threading.Thread(target=wait, name='daemon', daemon=True).start()
                """
            )
            #expect(await Python.shutDown(grace: .milliseconds(200)) == ["thread stuck"])
        }
    }

    @Test("A thread that ends in time is waited for")
    func endingThread() async {
        await #expect(processExitsWith: .success) {
            let notes = Recorder<String>()
            try await registerNote(notes)
            try await runAlone(
                """
                import shutdown_note, threading, time
                def work():
                    time.sleep(0.2)
                    shutdown_note.note('worked')
                threading.Thread(target=work).start()
                """
            )
            #expect(await Python.shutDown(grace: .seconds(20)) == [])
            #expect(notes.values == ["worked"])
        }
    }

    @Test("An asynchronous generator left open is closed, one that does not close is named")
    func generators() async {
        await #expect(processExitsWith: .success) {
            let notes = Recorder<String>()
            try await registerNote(notes)
            try await runAlone(openGenerator(finally: "await asyncio.sleep(0)"))
            #expect(await Python.shutDown(grace: .seconds(20)) == [])
            #expect(notes.values == ["closed"])
        }
        await #expect(processExitsWith: .success) {
            try await registerNote(Recorder())
            try await runAlone(openGenerator(finally: "await asyncio.Event().wait()"))
            let stuck = await Python.shutDown(grace: .milliseconds(200))
            #expect(stuck == ["asynchronous generators"])
        }
    }

    @Test("Synchronous code that does not return is interrupted and named")
    func runawayCall() async {
        await #expect(processExitsWith: .success) {
            let notes = Recorder<String>()
            try await registerNote(notes)
            let runaway = Task {
                try await runAlone(
                    "import shutdown_note\nshutdown_note.note('in')\nwhile True: pass"
                )
            }
            while notes.values.isEmpty { await Task.yield() }
            let stuck = await Python.shutDown(grace: .milliseconds(200))
            #expect(stuck == ["a call that does not return"])
            let error = await #expect(throws: PythonException.self) { try await runaway.value }
            #expect(error?.typeName == "KeyboardInterrupt")
            #expect(!Python.isRunning)
        }
    }

    @Test("Synchronous code that also withstands the interrupt is given up")
    func immovableCall() async {
        await #expect(processExitsWith: .success) {
            let notes = Recorder<String>()
            try await registerNote(notes)
            let runaway = Task {
                try await runAlone(
                    """
                    import shutdown_note
                    shutdown_note.note('in')
                    while True:
                        try:
                            while True: pass
                        except KeyboardInterrupt:
                            pass
                    """
                )
            }
            while notes.values.isEmpty { await Task.yield() }
            let stuck = await Python.shutDown(grace: .milliseconds(200))
            #expect(stuck == ["a call that does not return"])
            _ = runaway
        }
    }

    @Test("Exit functions run, last registered first, and the output is flushed")
    func exitFunctions() async throws {
        let result = await #expect(
            processExitsWith: .success,
            observing: [\.standardOutputContent]
        ) {
            try await runAlone(
                """
                import atexit
                atexit.register(print, 'second exit')
                atexit.register(print, 'first exit')
                print('buffered', end=' ')
                """
            )
            #expect(await Python.shutDown(grace: .seconds(20)) == [])
        }
        let output = try #require(result).standardOutputContent
        let text = String(decoding: output, as: UTF8.self)
        #expect(text.contains("buffered first exit\nsecond exit\n"))
    }

    @Test("An exit function that hangs is interrupted and named, and the others run")
    func hangingExitFunction() async throws {
        let result = await #expect(
            processExitsWith: .success,
            observing: [\.standardOutputContent]
        ) {
            try await runAlone(
                """
                import atexit, time
                atexit.register(print, 'the other one')
                atexit.register(time.sleep, 3600)
                """
            )
            #expect(await Python.shutDown(grace: .milliseconds(200)) == ["exit functions"])
        }
        let output = try #require(result).standardOutputContent
        #expect(String(decoding: output, as: UTF8.self).contains("the other one"))
    }

    @Test(
        "Whatever Python does, the end comes within its grace",
        arguments: [
            ("def forever():\n    while True: pass\natexit.register(forever)", ["exit functions"]),
            (
                """
                def forever():
                    while True:
                        try:
                            while True: pass
                        except KeyboardInterrupt:
                            pass
                atexit.register(forever)
                """, ["exit functions"]
            ),
            (
                """
                async def deaf():
                    while True:
                        try:
                            while True: await asyncio.sleep(0)
                        except asyncio.CancelledError:
                            pass
                sys.kept = asyncio.create_task(deaf(), name='deaf')
                await asyncio.sleep(0)
                """, ["task deaf"]
            ),
            (
                """
                async def deaf():
                    shutdown_note.note('in')
                    while True:
                        try:
                            while True: pass
                        except BaseException:
                            pass
                sys.kept = asyncio.create_task(deaf())
                await asyncio.sleep(0)
                """, ["a call that does not return"]
            ),
            (
                """
                async def held():
                    shutdown_note.note('in')
                    # In C, which never lets go of the GIL and looks at no signal.
                    collections.deque(itertools.repeat(0), maxlen=0)
                sys.kept = asyncio.create_task(held())
                await asyncio.sleep(0)
                """, ["a call that does not return"]
            ),
        ]
    )
    func bounded(source: String, stuck: [String]) async {
        await #expect(processExitsWith: .success) {
            [source = source as String, stuck = stuck as [String]] in
            let notes = Recorder<String>()
            try await registerNote(notes)
            let isStuck = source.contains("note('in')")
            let running = Task {
                try await runAlone(
                    "import asyncio, atexit, collections, itertools, shutdown_note, sys\n" + source
                )
            }
            if isStuck {
                while notes.values.isEmpty { await Task.yield() }
            } else {
                _ = try await running.value
            }
            #expect(await Python.shutDown(grace: .milliseconds(200)) == stuck)
            #expect(!Python.isRunning)
            let error = await #expect(throws: AmaruError.self) { try await PythonActor.run {} }
            #expect(error?.code == .notRunning)
        }
    }

    @Test("A Swift task that awaits a Python future is resumed with an error")
    func awaitedFuture() async {
        await #expect(processExitsWith: .success) {
            let future = try await PythonActor.run {
                try Python.import("asyncio").get_event_loop_policy().get_event_loop()
                    .create_future() as PythonObject
            }
            let waiting = Task { @PythonActor in try await future.awaited() }
            // Until the callback that resumes the task is there.
            while try await PythonActor.run({ try future.readAttribute("_callbacks").isNone }) {}
            #expect(await Python.shutDown(grace: .seconds(20)) == [])
            let error = await #expect(throws: AmaruError.self) { try await waiting.value }
            #expect(error?.code == .notRunning)
        }
    }

    @Test("A Swift task that awaits a coroutine is resumed: the coroutine is cancelled")
    func awaitedCoroutine() async {
        await #expect(processExitsWith: .success) {
            let notes = Recorder<String>()
            try await registerNote(notes)
            let waiting = Task {
                try await runAlone(
                    "import asyncio, shutdown_note\nshutdown_note.note('in')\nawait asyncio.sleep(3600)"
                )
            }
            while notes.values.isEmpty { await Task.yield() }
            #expect(await Python.shutDown(grace: .seconds(20)) == [])
            await #expect(throws: CancellationError.self) { try await waiting.value }
        }
    }

    @Test("Calls at once share one end, and a cancelled caller does not stop it")
    func shared() async {
        await #expect(processExitsWith: .success) {
            try await PythonActor.run {}
            let cancelled = Task { await Python.shutDown(grace: .seconds(20)) }
            cancelled.cancel()
            async let one = Python.shutDown(grace: .seconds(20))
            async let other = Python.shutDown(grace: .seconds(20))
            #expect(await one + other + cancelled.value == [])
            #expect(!Python.isRunning)
            #expect(await Python.shutDown() == [])
        }
    }

    @Test("Every use of an object after the end throws, and dropping it is fine")
    func objects() async {
        await #expect(processExitsWith: .success) {
            let objects = try await PythonActor.run {
                try (0..<1000).map { try PythonObject([$0]) }
            }
            #expect(await Python.shutDown(grace: .seconds(20)) == [])
            let object = objects[0]
            try await expectRefusals(object)
            await #expect(throws: AmaruError.self) { try await PythonActor.run {} }
            await #expect(throws: AmaruError.self) { try await Python.run("1") }
            let error = await #expect(throws: AmaruError.self) { try await Python.start() }
            #expect(error?.code == .notRunning)
            // Dropped here off the Python thread, past the backlog that wakes it, and there.
            await drop(objects)
        }
    }
}

/// Makes `shutdown_note.note` importable.
private func registerNote(_ recorder: Recorder<String>) async throws {
    try await Python.register(
        PythonModule("shutdown_note") {
            PythonFunction("note") { (text: String) in recorder.append(text) }
        }
    )
}

/// A source that leaves a generator suspended inside `try`, and referenced.
private func openGenerator(finally cleanUp: String) -> String {
    """
    import asyncio, shutdown_note, sys
    async def numbers():
        try:
            yield 1
        finally:
            \(cleanUp)
            shutdown_note.note('closed')
    generator = numbers()
    sys.left_open = generator
    await anext(generator)
    """
}

@PythonActor
private func expectRefusals(_ object: PythonObject) throws {
    let uses: [(String, @PythonActor () throws -> Void)] = [
        ("attribute", { _ = try object.readAttribute("x") }),
        ("member", { _ = try object.x as PythonObject }),
        ("hasAttribute", { _ = try object.hasAttribute("x") }),
        ("setAttribute", { try object.setAttribute("x", to: 1) }),
        ("deleteAttribute", { try object.deleteAttribute("x") }),
        ("call", { try object() }),
        ("call with keywords", { try object(x: 1) }),
        ("subscript", { _ = try object[0] as PythonObject }),
        ("setItem", { try object.setItem(0, to: 1) }),
        ("deleteItem", { try object.deleteItem(0) }),
        ("count", { _ = try Python.len(object) }),
        ("contains", { _ = try Python.contains(object, 1) }),
        ("makeIterator", { _ = try object.makeIterator() }),
        ("value", { _ = try object.converted(to: [Int].self) }),
        ("repr", { _ = try Python.repr(object) }),
        ("str", { _ = try Python.str(object) }),
        ("isTrue", { _ = try object.isTrue() }),
        ("hash", { _ = try Python.hash(object) }),
        ("isEqual", { _ = try object.isEqual(to: 1) }),
        ("object", { _ = try PythonObject(1) }),
        ("import", { _ = try Python.import("sys") }),
        ("globals", { _ = try Python.globals() }),
        ("eval", { _ = try Python.eval("1") }),
        ("exec", { try Python.exec("1") }),
        ("register", { try Python.registerNow(PythonModule("never") {}) }),
    ]
    for (name, use) in uses {
        let error = #expect(throws: AmaruError.self, "\(name)") { try use() }
        #expect(error?.code == .notRunning, "\(name)")
    }
}

/// Drops objects on the Python thread.
@PythonActor
private func drop(_ objects: consuming [PythonObject]) {
    _ = consume objects
}
