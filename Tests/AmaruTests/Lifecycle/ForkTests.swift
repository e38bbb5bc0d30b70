// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

/// Each in a process of its own, which is what forks.
@Suite("A child of os.fork that goes on ends, as under python", .timeLimit(.minutes(5)))
struct ForkTests {
    private static let start = """
        import asyncio, atexit, os, sys
        read, write = os.pipe()
        def leave(text): os.write(write, text.encode())
        def status():
            os.close(write)
            # Until the last holder of the other end has ended.
            with open(read) as pipe: text = pipe.read()
            return text, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

        """

    @Test(
        "At the end of its source, and of the task that forked",
        arguments: [
            ("if child == 0: leave('a')", "('a', 0)"),
            ("if child == 0: atexit.register(leave, 'b')", "('b', 0)"),
            ("if child == 0: sys.exit(3)", "('', 3)"),
            ("if child == 0: os.dup2(write, 2); raise ValueError('c')", "ValueError: c\\n', 1)"),
            ("if child == 0: asyncio.run(asyncio.sleep(0)); leave('d')", "('d', 0)"),
            ("await asyncio.sleep(0)\nif child == 0: leave('e')", "('e', 0)"),
            ("await asyncio.sleep(0)\nif child == 0: sys.exit(4)", "('', 4)"),
            (
                "await asyncio.sleep(0)\nif child == 0: os.dup2(write, 2); raise ValueError('f')",
                "ValueError: f\\n', 1)"
            ),
        ]
    )
    func ends(source: String, result: String) async {
        let source =
            Self.start + "child = os.fork()\n" + source + "\nstatus() if child else None"
        await #expect(processExitsWith: .success) {
            [source = source as String, result = result as String] in
            let value = try await runAlone(source)
            let text = try await PythonActor.run { try Python.repr(value) }
            #expect(text.hasSuffix(result), "\(text)")
        }
    }

    @Test("It is no reason to warn that the host has threads, and that the program has is one")
    func warnings() async {
        await #expect(processExitsWith: .success) {
            _ = try await runAlone(
                """
                import os, sys, threading, warnings
                def fork():
                    child = os.fork()
                    if child == 0: os._exit(len(warnings.filters) - count)
                    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                warnings.simplefilter("error")
                count = len(warnings.filters)
                assert fork() == 0
                assert len(warnings.filters) == count
                done = threading.Event()
                thread = threading.Thread(target=done.wait)
                thread.start()
                warnings.simplefilter("always")
                with warnings.catch_warnings(record=True) as caught:
                    fork()
                done.set()
                thread.join()
                assert bool(caught) == (sys.version_info >= (3, 12)), caught
                """
            )
        }
    }

    @Test("In a region of its own, and from a thread")
    func inRegions() async {
        let start = Self.start
        await #expect(processExitsWith: .success) { [start = start as String] in
            let text = try await PythonActor.run {
                let namespace = try Python.eval("{}")
                let source = start + "child = os.fork()\nif not child: leave('g')"
                try Python.exec(source, globals: namespace)
                return try Python.repr(Python.eval("status()", globals: namespace))
            }
            #expect(text == "('g', 0)", "\(text)")
            let value = try await runAlone(
                start + """
                    import threading
                    def work():
                        global child
                        child = os.fork()
                        if not child: leave('h')
                    thread = threading.Thread(target=work)
                    thread.start()
                    thread.join()
                    status()
                    """
            )
            let other = try await PythonActor.run { try Python.repr(value) }
            #expect(other == "('h', 0)", "\(other)")
        }
    }
}
