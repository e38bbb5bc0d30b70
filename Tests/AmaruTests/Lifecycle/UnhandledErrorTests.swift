// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

/// Each in a process of its own: the handler belongs to the start.
@Suite(
    "A task's error that nobody awaits is reported once",
    .serialized,
    .timeLimit(.minutes(5))
)
struct UnhandledErrorTests {
    private static let failing = """
        import asyncio, gc, sys
        async def fail():
            await asyncio.sleep(0)
            raise ValueError('the marker')

        """

    @Test(
        "Reported to the handler and to standard error, exactly once",
        arguments: [
            "asyncio.create_task(fail())",
            "kept = asyncio.create_task(fail())",
            "kept = [asyncio.create_task(fail())]",
            "kept = {'task': (asyncio.create_task(fail()),)}",
            "asyncio.ensure_future(fail())",
            "asyncio.get_running_loop().call_soon(lambda: 1 / 0)",
        ]
    )
    func reported(start: String) async throws {
        let source = Self.failing + start + "\nawait asyncio.sleep(0)"
        let result = await #expect(
            processExitsWith: .success,
            observing: [\.standardErrorContent]
        ) { [source = source as String] in
            let reports = try await reports(running: source)
            #expect(reports.count == 1)
            #expect(
                ["ValueError: the marker", "ZeroDivisionError: division by zero"]
                    .contains(reports.first)
            )
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        let lines = text.split(separator: "\n").filter {
            $0 == "ValueError: the marker" || $0 == "ZeroDivisionError: division by zero"
        }
        #expect(lines.count == 1, "\(text)")
        #expect(!text.contains("<amaru>"))
    }

    @Test(
        "Not reported where it is awaited, then or later",
        arguments: [
            """
            async def later():
                task = asyncio.create_task(fail())
                await asyncio.sleep(0.4)
                try:
                    await task
                except ValueError:
                    pass
            await later()
            """,
            """
            async def later():
                tasks = [asyncio.create_task(fail()) for _ in range(3)]
                await asyncio.sleep(0.4)
                for task in tasks:
                    try:
                        await task
                    except ValueError:
                        pass
            await later()
            """,
            "await asyncio.gather(fail(), fail(), asyncio.sleep(0.4), return_exceptions=True)",
            """
            try:
                await asyncio.gather(fail(), asyncio.sleep(0.01))
            except ValueError:
                pass
            """,
            """
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(fail())
                    group.create_task(asyncio.sleep(3600))
            except* ValueError:
                pass
            """,
            """
            done, _ = await asyncio.wait(
                {asyncio.create_task(fail()), asyncio.create_task(asyncio.sleep(0.4))})
            for task in done:
                task.exception()
            """,
            """
            for future in asyncio.as_completed([fail(), asyncio.sleep(0.4)]):
                try:
                    await future
                except ValueError:
                    pass
            """,
            """
            for future in asyncio.as_completed([fail(), asyncio.sleep(0.01), fail()]):
                await asyncio.sleep(0.4)
                try:
                    await future
                except ValueError:
                    pass
            """,
            """
            try:
                await asyncio.wait_for(asyncio.shield(fail()), 10)
            except ValueError:
                pass
            """,
            "task = asyncio.create_task(asyncio.sleep(3600))\nawait asyncio.sleep(0)\ntask.cancel()",
            """
            task = asyncio.create_task(fail())
            await asyncio.sleep(0.4)
            try:
                await task
            except ValueError:
                pass
            """,
            """
            class Owner:
                async def start(self):
                    self.task, self.tasks = asyncio.create_task(fail()), asyncio.Queue()
                    self.tasks.put_nowait(asyncio.create_task(fail()))
                    self.named = {'a': asyncio.create_task(fail())}
                    await asyncio.sleep(0.4)
            owner = Owner()
            await owner.start()
            for task in (owner.task, owner.tasks.get_nowait(), owner.named['a']):
                try:
                    await task
                except ValueError:
                    pass
            """,
        ]
    )
    func awaited(source: String) async throws {
        let source = Self.failing + source
        let result = await #expect(
            processExitsWith: .success,
            observing: [\.standardErrorContent]
        ) { [source = source as String] in
            let reports = try await reports(running: source)
            #expect(reports == [])
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(!text.contains("the marker"), "\(text)")
    }

    @Test(
        "Reported when the program ends where something keeps the task until then",
        arguments: [
            "sys.kept = asyncio.create_task(fail())", "sys.kept = [asyncio.ensure_future(fail())]",
        ]
    )
    func reportedAtTheEnd(start: String) async {
        let source = Self.failing + start + "\nawait asyncio.sleep(0)"
        await #expect(processExitsWith: .success) { [source = source as String] in
            let reports = try await reports(running: source, ending: true)
            #expect(reports == ["ValueError: the marker"])
        }
    }

    @Test("A task that fails in a cycle with its traceback is reported at once")
    func cycle() async {
        let source =
            Self.failing + """
                async def keep():
                    me = asyncio.current_task()
                    await fail()
                asyncio.create_task(keep())
                for _ in range(5): await asyncio.sleep(0)
                """
        await #expect(processExitsWith: .success) { [source = source as String] in
            let reports = Recorder<String>()
            try await Python.start(
                PythonConfiguration(onUnhandledError: { reports.append($0.description) })
            )
            try await runAlone(source)
            #expect(reports.values == ["ValueError: the marker"])
        }
    }

    @Test("An error that goes to the handler only is not printed")
    func handlerOnly() async throws {
        let source = Self.failing + "asyncio.create_task(fail())\nawait asyncio.sleep(0)"
        let result = await #expect(
            processExitsWith: .success,
            observing: [\.standardErrorContent]
        ) { [source = source as String] in
            let reports = try await reports(running: source, .handlerOnly)
            #expect(reports == ["ValueError: the marker"])
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(!text.contains("the marker"), "\(text)")
    }

    @Test(
        "SystemExit that leaves a task is an exit request, and the loop goes on",
        arguments: [
            ("3", 3, nil), ("", 0, nil), ("None", 0, nil), ("'why'", 1, "why"), ("True", 1, nil),
            ("-1", 255, nil), ("256", 0, nil), ("2 ** 80", 255, nil), ("(1, 2)", 1, "(1, 2)"),
        ] as [(String, Int32, String?)]
    )
    func exit(argument: String, code: Int32, message: String?) async throws {
        await #expect(processExitsWith: .success) { [argument, code, message] in
            let (statuses, unhandled) = (Recorder<PythonExitStatus>(), Recorder<String>())
            try await Python.start(
                PythonConfiguration(
                    onUnhandledError: { unhandled.append($0.description) },
                    onExitRequest: { statuses.append($0) }
                )
            )
            try await runAlone(
                """
                import asyncio, sys
                async def leave(): sys.exit(\(argument))
                asyncio.create_task(leave())
                await asyncio.sleep(0)
                """
            )
            try await settle()
            #expect(statuses.values == [PythonExitStatus(code: code, message: message)])
            #expect(unhandled.values == [])
        }
    }

    @Test("KeyboardInterrupt that leaves a task does not stop the loop")
    func keyboardInterrupt() async {
        await #expect(processExitsWith: .success) {
            let reports = try await reports(
                running: """
                    import asyncio
                    async def leave(): raise KeyboardInterrupt
                    asyncio.create_task(leave())
                    await asyncio.sleep(0)
                    await asyncio.sleep(0)
                    """
            )
            #expect(reports == ["KeyboardInterrupt"])
            #expect(Python.isRunning)
        }
    }
}

/// Starts, runs a source and a few turns of the loop more, and gives what the handler was given.
private func reports(
    running source: String,
    _ unhandled: PythonConfiguration.UnhandledErrors = .report,
    ending: Bool = false
) async throws -> [String] {
    let reports = Recorder<String>()
    try await Python.start(
        PythonConfiguration(
            unhandledErrors: unhandled,
            onUnhandledError: { reports.append($0.description) }
        )
    )
    let namespace = try await PythonActor.run { try Python.eval("{}") }
    _ = try await Python.run(source, globals: namespace)
    try await settle()
    // What the namespace kept goes: asyncio's own report at collection must not come on top.
    try await PythonActor.run { _ = try namespace.clear() as PythonObject }
    try await settle()
    if ending { await Python.shutDown() }
    return reports.values
}

/// Lets the loop take some turns, and collects.
private func settle() async throws {
    try await runAlone(
        "import asyncio, gc\nfor _ in range(5): await asyncio.sleep(0)\ngc.collect()\nawait asyncio.sleep(0)"
    )
}
