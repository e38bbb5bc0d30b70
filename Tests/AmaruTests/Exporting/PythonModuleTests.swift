// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

@Suite("Modules made in Swift", .python)
struct PythonModuleTests {
    @Test("Functions convert their arguments and results, and carry name and docstring")
    func functions() async throws {
        try await Python.register(
            PythonModule("functions_module", documentation: "Functions.") {
                PythonFunction("add", documentation: "Adds.") { (a: Int, b: Int) in a + b }
                PythonFunction("nothing") { () in }
                PythonFunction("join") { (words: [String], end: String?) in
                    words.joined(separator: " ") + (end ?? "")
                }
            }
        )
        let value = try await runAlone(
            """
            import functions_module as m
            [m.add(2, 3), m.nothing(), m.join(['a', 'b'], None), m.add.__name__, m.add.__doc__,
             m.__doc__, m.add.__module__]
            """
        )
        #expect(
            try await PythonActor.run { try Python.repr(value) }
                == "[5, None, 'a b', 'add', 'Adds.', 'Functions.', 'functions_module']"
        )
    }

    @Test(
        "Wrong arguments are TypeErrors in CPython's words",
        arguments: [
            ("add(1)", "add() takes exactly 2 arguments (1 given)"),
            ("add(1, 2, 3)", "add() takes exactly 2 arguments (3 given)"),
            ("none(1)", "none() takes no arguments (1 given)"),
            ("add(1, b=2)", "wrong_arguments.add() takes no keyword arguments"),
            ("add(1, 'x')", "add() argument 2: expected int, found str"),
            ("items([1, 'x'])", "items() argument 1[1]: expected int, found str"),
        ]
    )
    func wrongArguments(call: String, message: String) async throws {
        try await Python.register(
            PythonModule("wrong_arguments") {
                PythonFunction("add") { (a: Int, b: Int) in a + b }
                PythonFunction("none") { () in 1 }
                PythonFunction("items") { (items: [Int]) in items.count }
            }
        )
        let error = await #expect(throws: PythonException.self) {
            try await runAlone("import wrong_arguments\nwrong_arguments.\(call)")
        }
        #expect(error?.typeName == "TypeError")
        #expect(error?.message == message)
    }

    @Test("A module by need is described at a first look-up, and its members stay what they are")
    func byNeed() async throws {
        let described = Recorder<String>()
        try await PythonActor.run {
            try Python.registerByNeed("needed_module") {
                described.append("described")
                return PythonModule("needed_module") {
                    PythonFunction("double") { (x: Int) in x * 2 }
                    PythonExceptionClass("Refusal")
                    PythonFunction("broken", .positional("a", default: 1), .positional("b")) {
                        (a: Int, b: Int) in a + b
                    }
                }
            }
        }
        try await runAlone("import needed_module")
        #expect(described.values.isEmpty)
        let value = try await runAlone(
            """
            import needed_module as m, threading
            def caught(name):
                try:
                    return getattr(m, name)
                except Exception as exc:
                    return f"{type(exc).__name__}: {exc}"
            found = []
            thread = threading.Thread(target=lambda: found.append(m.double(4)))
            thread.start()
            thread.join()
            names = {}
            exec("from needed_module import double, Refusal", names)
            [found, m.double is m.double, names["Refusal"] is m.Refusal, m.__all__, dir(m),
             caught("missing"), caught("broken").split(":")[0]]
            """
        )
        let text = try await PythonActor.run { try Python.repr(value) }
        #expect(
            text
                == "[[8], True, True, ['double', 'Refusal', 'broken'], "
                + "['Refusal', 'broken', 'double'], "
                + "\"AttributeError: module 'needed_module' has no attribute 'missing'\", "
                + "'RuntimeError']"
        )
        #expect(described.values == ["described"])
    }

    @Test("An async function starts at once: a bare call runs, an awaited one gives the value")
    func asynchronous() async throws {
        let shown = Recorder<String>()
        try await Python.register(
            PythonModule("async_module") {
                PythonFunction("show") { (text: String) async in shown.append(text) }
                PythonFunction("slow") { (text: String) async throws -> String in
                    try await Task.sleep(for: .milliseconds(5))
                    return text + "!"
                }
            }
        )
        let value = try await runAlone(
            """
            import async_module, asyncio
            async_module.show('bare')
            future = async_module.show('awaited')
            first = future.done()
            await future
            [first, isinstance(future, asyncio.Future), await async_module.slow('x'),
             await asyncio.gather(*[async_module.slow(str(i)) for i in range(3)])]
            """
        )
        #expect(shown.values == ["bare", "awaited"])
        #expect(
            try await PythonActor.run { try Python.repr(value) }
                == "[True, True, 'x!', ['0!', '1!', '2!']]"
        )
    }

    @Test("Cancelling the future cancels the Swift task")
    func cancelledFuture() async throws {
        let (cancelled, continuation) = AsyncStream<Bool>.makeStream()
        try await Python.register(
            PythonModule("cancel_module") {
                PythonFunction("forever") { () async in
                    try? await Task.sleep(for: .seconds(3600))
                    continuation.yield(Task.isCancelled)
                }
            }
        )
        try await runAlone(
            """
            import asyncio, cancel_module
            try:
                await asyncio.wait_for(cancel_module.forever(), 0.01)
            except asyncio.TimeoutError:
                pass
            """
        )
        var iterator = cancelled.makeAsyncIterator()
        #expect(await iterator.next() == true)
    }

    @Test("A blocking function releases the GIL, so that other threads go on")
    func blockingFunction() async throws {
        try await Python.register(
            PythonModule("blocking_module") {
                PythonFunction(blocking: "wait") { (ms: Int) async throws -> Int in
                    try await Task.sleep(for: .milliseconds(ms))
                    return ms
                }
            }
        )
        let value = try await runAlone(
            """
            import blocking_module, threading
            ticks = 0
            def tick():
                global ticks
                while not stop.is_set(): ticks += 1
            stop = threading.Event()
            thread = threading.Thread(target=tick)
            thread.start()
            before = ticks
            waited = blocking_module.wait(60)
            after = ticks
            stop.set(); thread.join()
            [waited, after > before]
            """
        )
        #expect(try await PythonActor.run { try Python.repr(value) } == "[60, True]")
    }

    @Test("Threads that Python made may call Swift functions, async ones too")
    func foreignThreads() async throws {
        try await Python.register(
            PythonModule("thread_module") {
                PythonFunction("double") { (n: Int) in n * 2 }
                PythonFunction("later") { (n: Int) async throws -> Int in
                    try await Task.sleep(for: .milliseconds(2))
                    return n + 1
                }
            }
        )
        let value = try await runAlone(
            """
            import asyncio, threading, thread_module
            results = []
            def work(n):
                async def main():
                    return await thread_module.later(thread_module.double(n))
                results.append(asyncio.run(main()))
            threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
            for t in threads: t.start()
            for t in threads: await asyncio.to_thread(t.join)
            sorted(results)
            """
        )
        #expect(try await PythonActor.run { try value.converted(to: [Int].self) } == [1, 3, 5, 7])
    }

    @Test("A module of the same name is replaced, one of Python's own is not")
    func replacing() async throws {
        func module(_ name: String, _ value: Int) -> PythonModule {
            PythonModule(name) { PythonFunction("number") { () in value } }
        }
        try await Python.register(module("replaced_module", 1))
        try await Python.register(module("replaced_module", 2))
        let value = try await PythonActor.run {
            try Python.import("replaced_module").number() as Int
        }
        #expect(value == 2)
        let error = await #expect(throws: AmaruError.self) {
            try await Python.register(module("sys", 1))
        }
        #expect(error?.code == .moduleExists)
    }

    @Test(
        "A module with a dotted name is found through its packages",
        arguments: [
            "from dotted_a.sub import value", "from dotted_a import sub\nvalue = sub.value",
            "import dotted_a.sub\nvalue = dotted_a.sub.value",
            "import dotted_a.deep.er as m\nvalue = m.value",
            "from dotted_a.deep import er\nvalue = er.value",
            "import dotted_b.sub\nvalue = dotted_b.own + dotted_b.sub.value",
            "import json.dotted_c\nvalue = json.loads('1') and json.dotted_c.value",
        ]
    )
    func dotted(source: String) async throws {
        for name in ["dotted_a.sub", "dotted_a.deep.er", "dotted_b.sub", "json.dotted_c"] {
            try await Python.register(PythonModule(name) { PythonConstant("value", 1) })
        }
        // After what is in it.
        try await Python.register(PythonModule("dotted_b") { PythonConstant("own", 0) })
        let value = try await runAlone(source + "\nvalue")
        #expect(try await PythonActor.run { try Int(value) } == 1)
    }

    @Test("A dotted name with an empty part is refused", arguments: ["a.", ".a", "a..b", "."])
    func emptyPart(name: String) async {
        let error = await #expect(throws: AmaruError.self) {
            try await Python.register(PythonModule(name) {})
        }
        #expect(error?.code == .invalidModule)
    }

    @Test("A child of os.fork is refused entry")
    func forked() async throws {
        try await Python.register(
            PythonModule("fork_module") { PythonFunction("value") { () in 1 } }
        )
        let status = try await runAlone(
            """
            import os, fork_module
            child = os.fork()
            if child == 0:
                try:
                    fork_module.value()
                except RuntimeError as e:
                    os._exit(7 if 'os.fork' in str(e) else 8)
                os._exit(9)
            os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            """
        )
        #expect(try await PythonActor.run { try status.converted(to: Int.self) } == 7)
    }
}

/// Values that closures on any thread append.
final class Recorder<Value: Sendable>: @unchecked Sendable {
    // Safe because every access is under the lock.
    private let lock = NSLock()
    private var recorded: [Value] = []

    func append(_ value: Value) { lock.withLock { recorded.append(value) } }
    func removeAll() { lock.withLock { recorded = [] } }
    var values: [Value] { lock.withLock { recorded } }
}
