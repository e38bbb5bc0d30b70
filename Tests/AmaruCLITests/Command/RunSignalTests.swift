// Signals that reach a script under `amaru run`.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Testing

import enum Amaru.LinkedPython

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct RunSignalTests {
        /// Starts a script and sends a signal when it has said that it is ready.
        func run(_ source: String, signal: Int32) async throws -> AmaruProcess.Result {
            let folder = try TemporaryFolder()
            try folder.write(source, to: "script.py")
            let run = try AmaruProcess(["run", "script.py"], input: .open, in: folder)
            try await run.waitForOutput("ready")
            run.signal(signal)
            var result = try await run.result()
            result.errors = result.errors.replacing(folder.path, with: "FOLDER")
            return result
        }

        // Not print(): a signal during its flush would meet its lock.
        static let ready = "import os, signal, sys, threading\nos.write(1, b'ready\\n')\n"
        // In pieces: a signal that comes between CPython's look at its flags and the system call
        // is noticed only when that returns.
        static let forever = "while True: threading.Event().wait(0.05)\n"

        @Test(arguments: [SIGTERM, SIGHUP, SIGUSR1, SIGALRM])
        func `A signal that the script does not handle ends the process`(signal: Int32) async throws
        {
            let result = try await run(Self.ready + Self.forever, signal: signal)
            #expect(result == .init(status: .signalled(signal), output: "ready\n", errors: ""))
        }

        @Test(arguments: [SIGTERM, SIGHUP, SIGUSR1])
        func `A script's own handler runs`(signal: Int32) async throws {
            let source = """
                import os, signal, sys, threading
                def handle(number, frame):
                    print("handled", number)
                    sys.exit(7)
                signal.signal(\(signal), handle)
                os.write(1, b"ready\\n")
                while True: threading.Event().wait(0.05)
                """
            let result = try await run(source, signal: signal)
            #expect(result.output == "ready\nhandled \(signal)\n")
            #expect(result.errors == "")
            #expect(result.status == .exited(7))
        }

        @Test func `A handler of the script's event loop runs`() async throws {
            let source = """
                import asyncio, os, signal
                stopped = asyncio.Event()
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
                os.write(1, b"ready\\n")
                await stopped.wait()
                print("stopped")
                """
            let result = try await run(source, signal: SIGTERM)
            #expect(result == .init(status: .exited(0), output: "ready\nstopped\n", errors: ""))
        }

        @Test(arguments: [
            "while True: threading.Event().wait(0.05)", "while True: pass", "os.read(0, 1)",
            "input()",
        ])
        func `SIGINT interrupts the script with a traceback`(statement: String) async throws {
            let result = try await run(Self.ready + statement + "\n", signal: SIGINT)
            #expect(result.status == .interrupted)
            // It may come while the line that said "ready" ends.
            #expect(result.errors.contains("  File \"FOLDER/script.py\", line "))
            #expect(result.errors.hasPrefix("Traceback (most recent call last):\n"))
            #expect(result.errors.hasSuffix("\nKeyboardInterrupt\n"))
            #expect(!result.errors.contains("<amaru>"))
        }

        @Test func `A script may catch KeyboardInterrupt`() async throws {
            let source = """
                import os, threading
                # A call, for CPython's table of handlers leaves out a loop's jump back.
                def wait():
                    while True: threading.Event().wait(0.05)
                try:
                    os.write(1, b"ready\\n")
                    wait()
                except KeyboardInterrupt:
                    print("caught")
                finally:
                    print("cleaned up")
                """
            let result = try await run(source, signal: SIGINT)
            #expect(result.output == "ready\ncaught\ncleaned up\n")
            #expect(result.errors == "")
            #expect(result.status == .exited(0))
        }

        @Test func `SIGINT ends a loop that the script runs, in order`() async throws {
            let source = """
                import asyncio, os
                async def main():
                    try:
                        os.write(1, b"ready\\n")
                        await asyncio.Event().wait()
                    finally:
                        print("cleaned up")
                asyncio.run(main())
                """
            let result = try await run(source, signal: SIGINT)
            #expect(result.output == "ready\ncleaned up\n")
            #expect(result.errors.hasSuffix("\nKeyboardInterrupt\n"))
            #expect(result.status == .interrupted)
        }

        @Test func `SIGINT ends a top-level await, in order`() async throws {
            let source = """
                import asyncio, os
                try:
                    os.write(1, b"ready\\n")
                    await asyncio.Event().wait()
                finally:
                    print("cleaned up")
                """
            let result = try await run(source, signal: SIGINT)
            #expect(result.output == "ready\ncleaned up\n")
            #expect(result.status == .interrupted)
        }

        @Test func `A script's own handler of SIGINT runs`() async throws {
            let source = """
                import os, signal, sys, threading
                def handle(number, frame):
                    print("handled", number)
                    sys.exit(0)
                signal.signal(signal.SIGINT, handle)
                os.write(1, b"ready\\n")
                while True: threading.Event().wait(0.05)
                """
            let result = try await run(source, signal: SIGINT)
            #expect(result == .init(status: .exited(0), output: "ready\nhandled 2\n", errors: ""))
        }

        @Test func `SIGINT reaches a child on the terminal, and the script's wait for it`()
            async throws
        {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import subprocess, sys, threading
                code = "import threading; print('child', flush=True); threading.Event().wait()"
                try:
                    subprocess.run([sys.executable, "-c", code])
                    threading.Event().wait()
                except KeyboardInterrupt:
                    print("interrupted")
                """,
                to: "script.py"
            )
            let terminal = try PseudoTerminal()
            let script = "\(folder.path)/script.py"
            let chat = try AmaruProcess(["run", script], on: terminal, in: folder)
            try await terminal.waitFor("child")
            try terminal.send("\u{3}")
            try await terminal.waitFor("interrupted")
            #expect(try await chat.end() == .exited(0))
        }
    }
}
