// The Python objects that both sides of the rows work on.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import CFloors

/// The modules `bench_subject` (in Python), `cfloors` (in C) and `swift_side` (in Swift).
@PythonActor
struct Subject {
    let python: PythonObject
    let c: PythonObject
    let swift: PythonObject

    /// The length of the lists; the dictionary has a tenth of it.
    let size: Int

    init(size: Int = 1000) throws {
        self.size = size
        try Python.exec(Self.loader)
        let load = try Python.globals()["load_bench_subject"]
        python = try load(Self.source, size) as PythonObject
        floors_prepare()
        c = try Python.import("cfloors")
        try Python.registerNow(Self.exported)
        swift = try Python.import("swift_side")
    }

    /// A Python loop around `statement`, whose names are parameters of the loop.
    ///
    /// A new function for each use: CPython specialises a function's code by what it calls, so two
    /// sides that shared one would spoil it for each other.
    func loop(_ statement: String, _ parameter: String, _ value: PythonObject) throws -> Loop {
        let make: PythonObject = try python.make_loop
        let function: PythonObject = try make(statement, parameter)
        return { count in
            let _: PythonNone = try function(count, value)
        }
    }

    /// The same inside a coroutine of the home loop, which runs, and never has to wait.
    func awaitingLoop(_ statement: String, _ parameter: String, _ value: PythonObject) throws
        -> Loop
    {
        let make: PythonObject = try python.make_awaiting_loop
        let function: PythonObject = try make(statement, parameter)
        return { count in
            let _: PythonNone = try function(count, value)
        }
    }

    private static let loader = """
        def load_bench_subject(source, size):
            import sys, types
            module = types.ModuleType("bench_subject")
            module.size = size
            exec(compile(source, "<bench>", "exec"), module.__dict__)
            sys.modules["bench_subject"] = module
            return module
        """

    private static let source = """
        import array, gc, sys
        from itertools import repeat

        # A collection that falls into one window and not into the next is noise.
        gc.disable()

        def no_operation(): pass
        def identity(a): return a
        def add(a, b): return a + b
        def keywords(a, b, c): return a + b + c

        class Point:
            def __init__(self): self.x = 1000
            def m(self, i): return i + 1

        point = Point()
        ints = [1000 + i for i in range(size)]
        doubles = [0.5 + i for i in range(size)]
        strings = [f"item {i}" for i in range(size)]
        dictionary = {f"key{i}": 1000 + i for i in range(size // 10)}
        ascii_64, ascii_1024 = "a" * 64, "a" * 1024
        accents_64, accents_1024 = "é" * 32, "é" * 512
        ascii_long, accents_long = "a" * size, "é" * (size // 2)
        code = compile("x * 2 + 1", "<bench>", "eval")
        evaluation_globals = {"x": 1000}
        big_bytes = bytes(64 << 20)
        try:
            import numpy
            sixteen_doubles = numpy.arange(16.0)
        except ImportError:
            sixteen_doubles = array.array("d", range(16))
        sixteen_doubles_type = type(sixteen_doubles).__module__

        # Not imported here: hops are measured before there is a loop.
        asyncio = sys.modules.get("asyncio")
        home_loop = asyncio and asyncio._get_running_loop()

        def make(source):
            namespace = {"repeat": repeat}
            exec(source, namespace)
            return namespace["loop"]

        def make_loop(statement, parameter):
            return make(
                f"def loop(count, {parameter}):\\n"
                f"    for _ in repeat(None, count):\\n"
                f"        {statement}\\n"
            )

        def make_awaiting_loop(statement, parameter):
            start = make(
                f"async def loop(count, {parameter}):\\n"
                f"    for _ in repeat(None, count):\\n"
                f"        {statement}\\n"
            )
            def loop(count, value):
                # As a task does, without the loop's turns: nothing here has to wait.
                try:
                    start(count, value).send(None)
                except StopIteration:
                    return
                raise RuntimeError("the measured awaitable was not done")
            return loop
        """
}
