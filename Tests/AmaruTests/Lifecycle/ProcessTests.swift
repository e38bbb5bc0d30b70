// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

/// Each in a process of its own: signals belong to the process.
@Suite("Signals and child processes are as under python", .serialized, .timeLimit(.minutes(5)))
struct ProcessTests {
    @Test("No signal is blocked in the Python thread, in its threads, or in its children")
    func signalMask() async {
        await #expect(processExitsWith: .success) {
            // A thread that blocks much starts Python, as those of Dispatch do.
            let started: Void = try await withCheckedThrowingContinuation { continuation in
                Thread.detach {
                    var all = sigset_t()
                    sigfillset(&all)
                    pthread_sigmask(SIG_SETMASK, &all, nil)
                    continuation.resume(with: Result { try PythonActor.runBlocking {} })
                }
            }
            _ = started
            let masks = try await runAlone(
                """
                import concurrent.futures, signal, subprocess, sys
                def mask(): return sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, ())))
                masks = [mask()]
                with concurrent.futures.ThreadPoolExecutor() as pool:
                    masks.append(pool.submit(mask).result())
                child = 'import signal; print(signal.pthread_sigmask(signal.SIG_BLOCK, ()))'
                output = subprocess.run([sys.executable, '-c', child],
                                        capture_output=True, text=True, check=True).stdout
                masks, output.strip()
                """
            )
            #expect(try await PythonActor.run { try Python.repr(masks) } == "([[], []], 'set()')")
        }
    }

    @Test("subprocess and asyncio's subprocess give output and exit code")
    func subprocess() async {
        await #expect(processExitsWith: .success) {
            let results = try await runAlone(
                """
                import asyncio, subprocess, sys
                code = 'import sys; print(sys.stdin.read().upper()); sys.exit(3)'
                one = subprocess.run([sys.executable, '-c', code], input='a', text=True,
                                     capture_output=True)
                process = await asyncio.create_subprocess_exec(
                    sys.executable, '-c', code, stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE)
                output, _ = await process.communicate(b'b')
                [one.stdout, one.returncode, output, process.returncode]
                """
            )
            let text = try await PythonActor.run { try Python.repr(results) }
            #expect(text == #"['A\n', 3, b'B\n', 3]"#)
        }
    }

    @Test("A write to a pipe or socket that nobody reads raises, and ends nothing")
    func brokenPipe() async {
        await #expect(processExitsWith: .success) {
            signal(SIGPIPE, SIG_DFL)
            let names = try await runAlone(
                """
                import os, socket
                names = []
                read, write = os.pipe()
                os.close(read)
                one, other = socket.socketpair()
                other.close()
                for action in (lambda: os.write(write, b'x'), lambda: one.send(b'x')):
                    try:
                        action()
                    except OSError as error:
                        names.append(type(error).__name__)
                names
                """
            )
            let found = try await PythonActor.run { try names.converted(to: [String].self) }
            #expect(found == ["BrokenPipeError", "BrokenPipeError"])
        }
    }

    @Test("A handler that the program has for a signal stays its own")
    func ownHandlers() async {
        await #expect(processExitsWith: .success) {
            signal(SIGINT, SIG_IGN)
            signal(SIGPIPE) { _ in }
            try await PythonActor.run {}
            var action = sigaction()
            sigaction(SIGINT, nil, &action)
            #expect(unsafeBitCast(action.__sigaction_handler, to: Int.self) == 1)
            sigaction(SIGPIPE, nil, &action)
            #expect(unsafeBitCast(action.__sigaction_handler, to: Int.self) > 1)
        }
    }

    @Test("A child made by os.fork refuses to enter Swift, and says so")
    func fork() async {
        await #expect(processExitsWith: .success) {
            try await Python.register(
                PythonModule("fork_module") { PythonFunction("enter") { () in 1 } }
            )
            let output = try await runAlone(
                """
                import fork_module, os
                read, write = os.pipe()
                child = os.fork()
                if child == 0:
                    try:
                        fork_module.enter()
                    except RuntimeError as error:
                        os.write(write, str(error).encode())
                    finally:
                        os._exit(0)
                os.waitpid(child, 0)
                os.close(write)
                os.read(read, 1000).decode(), fork_module.enter()
                """
            )
            let text = try await PythonActor.run { try Python.repr(output) }
            #expect(text.contains("this process was made by os.fork"))
            #expect(text.hasSuffix(", 1)"))
        }
    }
}
