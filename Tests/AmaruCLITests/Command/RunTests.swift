// A script under `amaru run` against the same script under `python`.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Testing

import enum Amaru.LinkedPython

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(10))) struct RunTests {
        /// A script, and how it is started.
        struct Script: CustomTestStringConvertible {
            let testDescription: String
            let source: String
            var files: [String: String] = [:]
            var arguments: [String] = []
            var input = ""
        }

        /// Runs the same under both; the folders are one, so that paths are equal too.
        func expectEqual(_ script: Script, named name: String = "script.py") async throws {
            let folder = try TemporaryFolder()
            try folder.write(script.source, to: "script.py")
            for (path, text) in script.files { try folder.write(text, to: path) }
            let python = try await AmaruProcess.run(
                [name] + script.arguments,
                of: try LinkedPython.interpreter(),
                input: script.input,
                in: folder
            )
            let separator = script.arguments.isEmpty ? [] : ["--"]
            let amaru = try await AmaruProcess.run(
                ["run", name] + separator + script.arguments,
                input: script.input,
                in: folder
            )
            #expect(amaru.output == python.output)
            // Advice comes on lines of its own, behind what python prints.
            let errors = amaru.errors.split(separator: "\n", omittingEmptySubsequences: false)
                .filter { !$0.hasPrefix("amaru: ") }.joined(separator: "\n")
            #expect(errors == python.errors)
            #expect(amaru.status == python.status)
        }

        // MARK: What it sees

        static let sights = [
            Script(
                testDescription: "its arguments, names and places",
                source: """
                    import os, sys
                    print(sys.argv, __name__, __file__, __spec__, __package__, __cached__, __doc__)
                    print(sys.path[0], os.getcwd(), sys.executable, type(__builtins__))
                    """,
                arguments: ["a", "b c", "--model", "x", "-v"]
            ),
            Script(
                testDescription: "its options, also those of amaru",
                source: "import sys; print(sys.argv)",
                arguments: ["--help", "--version", "-x", "--nonsense", "--with", "--", "-"]
            ),
            Script(
                testDescription: "its own folder for imports",
                source: "import beside; print(beside.__file__)",
                files: ["beside.py": ""]
            ),
            Script(
                testDescription: "another module by its own name",
                source: "import sys, script\nprint(script is sys.modules['__main__'])"
            ),
            Script(
                testDescription: "an end without its module",
                source: """
                    import sys
                    class Ending:
                        def __del__(self): print("ended")
                    ending = Ending()
                    del sys.modules["__main__"]
                    """
            ),
            Script(
                testDescription: "another object in the place of its module",
                source: """
                    import sys
                    class Ending:
                        __slots__ = ()
                        def __del__(self): print("ended")
                    sys.modules[__name__] = Ending()
                    """
            ),
            Script(
                testDescription: "the whole input",
                source: "import sys; print(repr(sys.stdin.read()))",
                input: "one\r\ntwo\nthrée"
            ),
            Script(
                testDescription: "the bytes of the input",
                source: "import sys; print(repr(sys.stdin.buffer.read()))",
                input: "one\r\ntwo\n"
            ),
            Script(
                testDescription: "each line of the input",
                source: "import sys\nfor line in sys.stdin: print(repr(line))",
                input: "one\ntwo"
            ),
            Script(
                testDescription: "the end of the input",
                source: "print(input('first: '))\ninput('second: ')",
                input: "one\n"
            ),
            Script(
                testDescription: "its source",
                source: "import inspect\ndef f(): return 1\nprint(inspect.getsource(f))"
            ),
            Script(
                testDescription: "its warnings",
                source: "import warnings\nwarnings.warn('old', DeprecationWarning)\n"
            ),
        ]

        @Test(arguments: sights)
        func `A script sees what it sees under python`(_ script: Script) async throws {
            try await expectEqual(script)
        }

        // MARK: What it does

        static let deeds = [
            Script(
                testDescription: "runs an event loop of its own",
                source: """
                    import asyncio
                    async def main():
                        task = asyncio.create_task(asyncio.sleep(0.001, "slept"))
                        print(await task, asyncio.get_running_loop() is asyncio.get_event_loop())
                    if __name__ == "__main__":
                        asyncio.run(main())
                        asyncio.run(main())
                    """
            ),
            Script(
                testDescription: "runs a loop that it has made",
                source: """
                    import asyncio
                    loop = asyncio.new_event_loop()
                    asyncio.set_event_loop(loop)
                    print(asyncio.get_event_loop() is loop)
                    print(loop.run_until_complete(asyncio.sleep(0, 5)))
                    loop.close()
                    """
            ),
            Script(testDescription: "prints without a newline", source: "print('no end', end='')"),
            Script(
                testDescription: "prints to both outputs",
                source: "import sys; print('out'); print('err', file=sys.stderr); print('£ ∑ 🐍')"
            ),
            Script(
                testDescription: "starts a child with its interpreter",
                source: """
                    import subprocess, sys
                    code = "import sys; print(sys.version_info[:2], sys.argv)"
                    print(subprocess.run([sys.executable, "-c", code, "x"], capture_output=True))
                    """
            ),
            Script(
                testDescription: "spawns processes that import it",
                source: """
                    import multiprocessing
                    def square(x): return x * x
                    if __name__ == "__main__":
                        multiprocessing.set_start_method("spawn")
                        with multiprocessing.Pool(2) as pool: print(pool.map(square, [1, 2, 3]))
                    """
            ),
            Script(
                testDescription: "forks",
                source: """
                    import os, warnings
                    # That there are other threads, which the host has, since 3.12.
                    warnings.simplefilter("ignore", DeprecationWarning)
                    child = os.fork()
                    if child == 0:
                        print("child", flush=True)
                        os._exit(4)
                    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
                    """
            ),
            Script(
                testDescription: "pickles its own classes",
                source: """
                    import pickle
                    class Point: pass
                    print(type(pickle.loads(pickle.dumps(Point()))) is Point, Point.__module__)
                    """
            ),
            Script(
                testDescription: "leaves threads and exit functions",
                source: """
                    import atexit, threading
                    gate = threading.Event()
                    atexit.register(print, "exit function")
                    threading.Thread(target=lambda: (gate.wait(), print("thread"))).start()
                    print("end of the script")
                    gate.set()
                    """
            ),
            Script(
                testDescription: "leaves a daemon thread",
                source: """
                    import threading
                    threading.Thread(target=threading.Event().wait, daemon=True).start()
                    print("end of the script")
                    """
            ),
        ]

        @Test(arguments: deeds)
        func `A script does what it does under python`(_ script: Script) async throws {
            try await expectEqual(script)
        }

        // MARK: How it ends

        static let ends = [
            Script(testDescription: "sys.exit(3)", source: "import sys; print('x'); sys.exit(3)"),
            Script(testDescription: "sys.exit()", source: "import sys; sys.exit()"),
            Script(testDescription: "sys.exit(True)", source: "import sys; sys.exit(True)"),
            Script(testDescription: "sys.exit(-1)", source: "import sys; sys.exit(-1)"),
            Script(
                testDescription: "sys.exit of a text",
                source: "import sys; sys.exit('no luck')"
            ),
            Script(
                testDescription: "sys.exit of a tuple",
                source: "import sys; sys.exit((1, 'x'))"
            ),
            Script(testDescription: "os._exit", source: "import os; os._exit(5)"),
            Script(
                testDescription: "sys.exit in asyncio.run",
                source: """
                    import asyncio, sys
                    async def main(): sys.exit(6)
                    asyncio.run(main())
                    """
            ),
            Script(
                testDescription: "sys.exit with an exit function and a thread",
                source: """
                    import atexit, sys, threading
                    gate = threading.Event()
                    atexit.register(print, "exit function")
                    threading.Thread(target=lambda: (gate.wait(), print("thread"))).start()
                    gate.set()
                    sys.exit(9)
                    """
            ),
            Script(
                testDescription: "an exception with a cause",
                source: """
                    def inner(x):
                        return 1 / x

                    def outer():
                        try:
                            inner(0)
                        except ZeroDivisionError as e:
                            raise ValueError("no good") from e

                    outer()
                    """
            ),
            Script(
                testDescription: "an exception with a context and a note",
                source: """
                    import atexit
                    atexit.register(print, "exit function")
                    try:
                        {}["key"]
                    except KeyError:
                        error = RuntimeError("later")
                        error.add_note("a note")
                        raise error
                    """
            ),
            Script(
                testDescription: "an exception group",
                source: "raise ExceptionGroup('two', [ValueError(1), TypeError('x')])"
            ),
            Script(
                testDescription: "an exception in asyncio.run",
                source: """
                    import asyncio
                    async def main():
                        await asyncio.sleep(0)
                        raise LookupError("deep")
                    asyncio.run(main())
                    """
            ),
            Script(
                testDescription: "an exception at the import of a module",
                source: "import beside",
                files: ["beside.py": "x = 1\nraise OSError('mine')\n"]
            ),
            Script(
                testDescription: "an exception while a thread runs",
                source: """
                    import sys, threading
                    gate = threading.Event()
                    threading.Thread(target=lambda: (gate.wait(), print("thread"))).start()
                    threading.Timer(0.1, gate.set).start()
                    raise ValueError("in the main thread")
                    """
            ),
            Script(
                testDescription: "an exception that its own hook reports",
                source: """
                    import sys
                    sys.excepthook = lambda kind, value, trace: print("hook", value)
                    1 / 0
                    """
            ),
            Script(
                testDescription: "a hook of exceptions that raises",
                source: """
                    import sys
                    def hook(kind, value, trace):
                        print("hook")
                        raise KeyError("hook")
                    sys.excepthook = hook
                    1 / 0
                    """
            ),
            Script(
                testDescription: "a hook of exceptions that is no function",
                source: "import sys\nsys.excepthook = None\n1 / 0\n"
            ),
            Script(
                testDescription: "a hook of exceptions that exits with a status",
                source: """
                    import atexit, sys
                    atexit.register(print, "atexit")
                    sys.excepthook = lambda kind, value, trace: sys.exit(7)
                    1 / 0
                    """
            ),
            Script(
                testDescription: "a hook of exceptions that exits with a message",
                source: """
                    import sys
                    sys.excepthook = lambda kind, value, trace: sys.exit("words")
                    1 / 0
                    """
            ),
            Script(
                testDescription: "an exception after a print to the same place",
                source: "import os; os.dup2(2, 1); print('before'); 1 / 0"
            ),
            Script(testDescription: "a syntax error", source: "x = 1\ndef f(:\n    pass\n"),
            Script(testDescription: "an unclosed bracket", source: "print('a'\nx = 2\n"),
            Script(testDescription: "an unterminated string", source: "x = 1\ny = 'abc\n"),
            Script(
                testDescription: "a syntax error in a module",
                source: "import beside",
                files: ["beside.py": "x = = 1\n"]
            ),
            Script(
                testDescription: "a recursion without end",
                source: "def f(): f()\ntry: f()\nexcept RecursionError as e: print(e)"
            ),
        ]

        @Test(arguments: ends)
        func `A script ends as it ends under python`(_ script: Script) async throws {
            try await expectEqual(script)
        }

        @Test
        func `A script in another folder has that folder on its path, and the current one stays`()
            async throws
        {
            let script = Script(
                testDescription: "",
                source: "",
                files: [
                    "deep/er/script.py": "import os, sys, beside; print(__file__, sys.path[0], "
                        + "os.getcwd(), sys.argv); raise SystemError('here')",
                    "deep/er/beside.py": "",
                ]
            )
            try await expectEqual(script, named: "deep/er/script.py")
            try await expectEqual(script, named: "./deep/../deep/er/script.py")
        }

        @Test func `A reader that goes away is to a script what it is under python`() async throws {
            let folder = try TemporaryFolder()
            try folder.write("for i in range(100000): print(i)", to: "script.py")
            let pipeline = #"{ "$@"; echo "code $?" >&2; } | head -1"#
            let python = try await AmaruProcess.run(
                ["-c", pipeline, "sh", try LinkedPython.interpreter(), "script.py"],
                of: "/bin/sh",
                in: folder
            )
            let amaru = try await AmaruProcess.run(
                ["-c", pipeline, "sh", AmaruProcess.command, "run", "script.py"],
                of: "/bin/sh",
                in: folder
            )
            #expect(amaru == python)
            #expect(amaru.output == "0\n")
        }

        // MARK: What python has not

        @Test func `A script may await at its top level`() async throws {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import asyncio
                task = asyncio.create_task(asyncio.sleep(0.001, "slept"))
                print(await task, asyncio.get_event_loop() is asyncio.get_running_loop())
                async with asyncio.timeout(5):
                    print([x async for x in (await asyncio.sleep(0, y) for y in (1, 2))])
                """,
                to: "script.py"
            )
            let result = try await AmaruProcess.run(["run", "script.py"], in: folder)
            #expect(result == .init(status: .exited(0), output: "slept True\n[1, 2]\n", errors: ""))
        }

        @Test func `An exception behind a top-level await is shown without frames of the host`()
            async throws
        {
            let folder = try TemporaryFolder()
            try folder.write("import asyncio\nawait asyncio.sleep(0)\n1 / 0\n", to: "script.py")
            let result = try await AmaruProcess.run(["run", "script.py"], in: folder)
            let expected = """
                Traceback (most recent call last):
                  File "\(folder.path)/script.py", line 3, in <module>
                    1 / 0
                    ~~^~~
                ZeroDivisionError: division by zero

                """
            #expect(result == .init(status: .exited(1), output: "", errors: expected))
        }

        @Test(arguments: [
            "print(input('name? '), flush=True); subprocess.run(['cat'])",
            "print('name? ' + sys.stdin.readline(), end='', flush=True); subprocess.run(['cat'])",
            "print(input('name? ')); print(os.read(0, 99).decode(), end='')",
        ])
        func `A script that takes one line leaves the rest in the pipe`(_ body: String) async throws
        {
            let folder = try TemporaryFolder()
            try folder.write("import os, subprocess, sys\n" + body, to: "script.py")
            let input = "óne\ntwo\nthree"
            let result = try await AmaruProcess.run(
                ["run", "script.py"],
                input: input,
                in: folder
            )
            #expect(result == .init(status: .exited(0), output: "name? \(input)", errors: ""))
        }

        @Test(arguments: ["app", "app/", "."])
        func `A folder is run by its main.py`(_ path: String) async throws {
            let folder = try TemporaryFolder()
            let file = path == "." ? "main.py" : "app/main.py"
            try folder.write("import sys; print(sys.argv, __file__, sys.path[0])", to: file)
            let result = try await AmaruProcess.run(["run", path, "--", "x"], in: folder)
            let home = path == "." ? folder.path : folder.path + "/app"
            let shown = path == "." ? "./main.py" : "app/main.py"
            #expect(result.output == "['\(shown)', 'x'] \(folder.path)/\(shown) \(home)\n")
            #expect(result.status == .exited(0))
        }
    }
}
