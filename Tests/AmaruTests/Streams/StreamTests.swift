// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

@Suite("Standard streams, routed per task", .python, .serialized, .timeLimit(.minutes(5)))
struct StreamTests {
    /// What Python writes while the source runs.
    private func output(of source: String) async throws -> String {
        let pieces = Recorder<String>()
        try await Python.withOutput(to: { pieces.append($0) }) { _ = try await runAlone(source) }
        return pieces.values.joined()
    }

    @Test(
        "What each way of writing gives",
        arguments: [
            ("print('a', 1)", "a 1\n"),
            ("import sys\nassert sys.stdout.write('ü!') == 2", "ü!"),
            ("import sys\nsys.stdout.writelines(['a', 'b'])\nsys.stdout.flush()", "ab"),
            ("import sys\nassert sys.stdout.buffer.write(b'abc') == 3", "abc"),
            ("import sys\nfor b in 'ü'.encode(): sys.stdout.buffer.write(bytes([b]))", "ü"),
            ("import sys\nsys.stdout.buffer.write(b'\\xff.')", "\u{FFFD}."),
            ("import sys\nprint('x', file=sys.stdout.buffer.raw and sys.stdout)", "x\n"),
            (
                "import asyncio\nasync def f(): print('task')\nawait asyncio.create_task(f())",
                "task\n"
            ),
            ("import asyncio\nawait asyncio.to_thread(print, 'thread')", "thread\n"),
            ("import asyncio\nasync def f(): print('nested')\nasyncio.run(f())", "nested\n"),
            ("import sys\nsys.stdout.reconfigure(line_buffering=True)\nprint('r')", "r\n"),
            (
                "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()): print('no')",
                ""
            ),
        ]
    )
    func writes(_ source: String, _ expected: String) async throws {
        #expect(try await output(of: source) == expected)
    }

    @Test("The stream says what it is, and refuses what it is not")
    func shape() async throws {
        let text = try await output(
            of: """
                import io, sys
                for stream in (sys.stdout, sys.stderr, sys.stdin):
                    assert isinstance(stream, io.TextIOBase) and not stream.closed
                out = sys.stdout
                assert (out.encoding, out.errors, out.isatty(), out.name, out.mode) == (
                    'utf-8', 'strict', False, '<stdout>', 'w')
                assert out.writable() and not out.readable()
                for call, kind in [
                    (out.fileno, io.UnsupportedOperation), (out.read, io.UnsupportedOperation),
                    (lambda: out.write(b'x'), TypeError), (lambda: out.write('\\ud800'), UnicodeEncodeError),
                    (lambda: out.buffer.write('x'), TypeError), (out.buffer.fileno, io.UnsupportedOperation),
                ]:
                    try:
                        call()
                    except kind as error:
                        print(type(error).__name__)
                    else:
                        print('none', call)
                """
        )
        #expect(
            text.split(separator: "\n") == [
                "UnsupportedOperation", "UnsupportedOperation", "TypeError", "UnicodeEncodeError",
                "TypeError", "UnsupportedOperation",
            ]
        )
    }

    @Test("Tasks that run at once each have their own output, and leave the others theirs")
    func apart() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    let text = try await self.output(
                        of: """
                            import asyncio, sys
                            for _ in range(5):
                                print(\(number), end=' ')
                                await asyncio.sleep(0.0005)
                                await asyncio.to_thread(sys.stdout.write, 't\(number) ')
                            """
                    )
                    #expect(text == String(repeating: "\(number) t\(number) ", count: 5))
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("A nested route replaces what it names and leaves the rest")
    func nested() async throws {
        let (outer, errors, inner) = (Recorder<String>(), Recorder<String>(), Recorder<String>())
        let streams = PythonStreams(
            output: { outer.append($0) },
            errorOutput: { errors.append($0) }
        )
        let source = "import sys\nsys.stdout.write('o')\nsys.stderr.write('e\\ud800')"
        try await Python.withStreams(streams) {
            try await Python.withOutput(to: { inner.append($0) }) { _ = try await runAlone(source) }
            _ = try await runAlone(source)
        }
        #expect(inner.values == ["o"])
        #expect(outer.values == ["o"])
        #expect(errors.values == ["e\\ud800", "e\\ud800"])
    }

    @Test("An error of the target is raised by the write, as what it is")
    func failingTarget() async throws {
        struct Full: Error { let number: Int }
        let error = await #expect(throws: Full.self) {
            try await Python.withOutput(to: { _ in throw Full(number: 4) }) {
                _ = try await runAlone(
                    "try:\n    print('x')\nexcept RuntimeError as error:\n    caught = error\nraise caught"
                )
            }
        }
        #expect(error?.number == 4)
    }

    @Test("The route holds in a Swift function that Python calls, and on its way back")
    func throughSwift() async throws {
        try await Python.register(
            PythonModule("stream_module") {
                PythonFunction("say") { (text: String) async throws in
                    await Task.yield()
                    try await PythonActor.run { try Python.exec("print('\(text)')") }
                }
                PythonFunction("say_now") { (text: String) throws in
                    try PythonActor.runBlocking { try Python.exec("print('\(text)')") }
                }
            }
        )
        let text = try await output(
            of: "import stream_module as m\nawait m.say('late')\nm.say_now('now')"
        )
        #expect(text == "late\nnow\n")
    }

    @Test("PythonOutput gives all that is written, ends with the scope, and is bounded")
    func sequence() async throws {
        let output = PythonOutput()
        async let collected = output.reduce("", +)
        try await Python.withOutput(to: output) {
            _ = try await runAlone("import asyncio\nfor i in range(1000):\n    print(i)")
        }
        #expect(await collected == (0..<1000).map { "\($0)\n" }.joined())

        let small = PythonOutput(limit: 10)
        let error = await #expect(throws: PythonException.self) {
            try await Python.withOutput(to: small) {
                _ = try await runAlone(
                    "import sys\ntry:\n    sys.stdout.write('0123456789')\n    print('more')\n"
                        + "except BlockingIOError as e: raise LookupError(str(e))"
                )
            }
        }
        #expect(error?.typeName == "LookupError")
        #expect(error?.message.contains("10 bytes behind") == true)
        #expect(await small.reduce("", +) == "0123456789")
    }

    // MARK: Input

    private func lines(_ lines: [String]) -> PythonStreams.Input {
        let rest = Recorder<Int>()
        return {
            await Task.yield()
            let index = rest.values.count
            rest.append(index)
            return index < lines.count ? lines[index] : nil
        }
    }

    @Test(
        "What each way of reading gives",
        arguments: [
            ("input('? ')", "'a'"),
            ("[input(), input()]", "['a', 'b ü']"),
            ("list(sys.stdin)", #"['a\n', 'b ü\n']"#),
            ("sys.stdin.read()", #"'a\nb ü\n'"#),
            (
                "[sys.stdin.read(3), sys.stdin.readline(1), sys.stdin.readline(), sys.stdin.read()]",
                #"['a\nb', ' ', 'ü\n', '']"#
            ),
            ("[sys.stdin.readline() for _ in range(3)]", #"['a\n', 'b ü\n', '']"#),
            ("sys.stdin.buffer.read()", #"b'a\nb \xc3\xbc\n'"#),
            ("await asyncio.to_thread(input)", "'a'"),
            (
                "sys.stdin.isatty(), sys.stdin.readable(), sys.stdin.writable()",
                "(False, True, False)"
            ),
        ]
    )
    func reads(_ expression: String, _ expected: String) async throws {
        let streams = PythonStreams(output: { _ in }, input: lines(["a", "b ü"]))
        let value = try await Python.withStreams(streams) {
            try await runAlone("import asyncio, sys\n\(expression)")
        }
        #expect(try await PythonActor.run { try Python.repr(value) } == expected)
    }

    @Test("The end of the input is EOFError, and an error of the source is raised")
    func endOfInput() async throws {
        struct Broken: Error {}
        let end = await #expect(throws: PythonException.self) {
            try await Python.withStreams(PythonStreams(output: { _ in }, input: { nil })) {
                _ = try await runAlone("input()")
            }
        }
        #expect(end?.typeName == "EOFError")
        await #expect(throws: Broken.self) {
            try await Python.withStreams(
                PythonStreams(output: { _ in }, input: { throw Broken() })
            ) { _ = try await runAlone("input()") }
        }
    }

    @Test("An interrupt ends input() with KeyboardInterrupt, and the source is cancelled")
    func interruptedInput() async throws {
        let (entered, signal) = AsyncStream<Void>.makeStream()
        let task = Task {
            try await Python.withStreams(
                PythonStreams(
                    output: { _ in },
                    input: {
                        signal.finish()
                        for await _ in AsyncStream<Void>.makeStream().stream {}
                        return nil
                    }
                )
            ) { _ = try await runAlone("input()") }
        }
        for await _ in entered {}
        Python.interrupt()
        let error = await #expect(throws: PythonException.self) { try await task.value }
        #expect(error?.typeName == "KeyboardInterrupt")
    }
}
