// How plain scripts end: with pools, tasks that exit, and errors in the background.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(10))) struct RunEndTests {
        private func run(_ source: String) async throws -> AmaruProcess.Result {
            let folder = try TemporaryFolder()
            try folder.write(source, to: "script.py")
            return try await AmaruProcess.run(["run", "script.py"], in: folder)
        }

        @Test(arguments: ["Process", "Thread"])
        func `A pool that nobody shut down ends with the script`(kind: String) async throws {
            let result = try await run(
                """
                from concurrent.futures import \(kind)PoolExecutor
                if __name__ == "__main__":
                    print(\(kind)PoolExecutor(1).submit(pow, 2, 5).result())
                """
            )
            #expect(result.output == "32\n", "\(result.errors)")
            #expect(result.status == .exited(0))
        }

        @Test(
            "sys.exit in a task ends a script that waits for something else",
            arguments: [("6", Int32(6), ""), ("'why'", 1, "why\n")]
        )
        func exitInTask(status: String, code: Int32, words: String) async throws {
            let result = try await run(
                """
                import asyncio, sys
                async def leave():
                    sys.exit(\(status))
                task = asyncio.create_task(leave())
                await asyncio.Event().wait()
                print("never")
                """
            )
            #expect(result.output == "")
            #expect(result.errors == words)
            #expect(result.status == .exited(code))
        }

        @Test(
            "A script that closes the descriptors of the program ends it, with a line that says so",
            arguments: [
                ("print('on')", "on\n"),
                ("input()", ""),
                ("import time; time.sleep(60)", ""),
                ("import asyncio; await asyncio.sleep(60)", ""),
                ("import amaru\n@amaru.reply\nasync def answer(message): return 'on'", ""),
            ]
        )
        func closedDescriptors(statements: String, output: String) async throws {
            let folder = try TemporaryFolder()
            let lines = """
                import os
                for number in range(3, 256):
                    try: os.close(number)
                    except OSError: pass
                \(statements)
                """
            try folder.write(lines, to: "script.py")
            let run = try AmaruProcess(["run", "script.py"], input: .open, in: folder)
            let result = try await run.result()
            #expect(result.output == output)
            #expect(
                // The event loop may say first that it does not work.
                result.errors.contains(
                    "amaru: the script has closed descriptors that are not its own"
                ),
                "\(result.errors)"
            )
            #expect(result.status == .exited(1))
        }

        @Test func `A script cannot close the descriptors of the program by a range`()
            async throws
        {
            let result = try await run(
                """
                import os, sys
                ends = os.pipe()
                os.closerange(ends[0], ends[1] + 1)
                if os.fork() == 0:
                    os.closerange(3, 256)
                    os._exit(os.fork() and 3)
                print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
                os.closerange(3, 256)
                """
            )
            #expect(result.output == "3\n")
            #expect(result.errors.hasSuffix("or call it in a forked child\n"), "\(result.errors)")
            #expect(!result.errors.contains("forked>"), "\(result.errors)")
            #expect(result.status == .exited(1))
        }

        @Test func `Handlers of signals end before the names that they use`() async throws {
            let result = try await run(
                """
                import signal
                count = 0
                def handle(number, frame):
                    global count
                    count += 1
                    print("handled", count)
                signal.signal(signal.SIGUSR1, handle)
                signal.raise_signal(signal.SIGUSR1)
                class Late:
                    def __del__(self, raise_signal=signal.raise_signal, number=signal.SIGUSR1):
                        raise_signal(number)
                late = Late()
                """
            )
            #expect(
                result == .init(status: .signalled(SIGUSR1), output: "handled 1\n", errors: "")
            )
        }

        @Test func `Errors of tasks and callbacks are reported, and the script goes on`()
            async throws
        {
            let result = try await run(
                """
                import asyncio
                def call():
                    raise ValueError("of a callback")
                async def work():
                    raise KeyError("of a task")
                asyncio.get_running_loop().call_soon(call)
                asyncio.create_task(work())
                await asyncio.sleep(0.1)
                print("end")
                """
            )
            #expect(result.output == "end\n")
            #expect(result.errors.contains("ValueError: of a callback\n"), "\(result.errors)")
            #expect(result.errors.contains("KeyError: 'of a task'\n"), "\(result.errors)")
            #expect(result.status == .exited(0))
        }

        @Test func `What a script has started is done before it ends, as in a page`() async throws {
            let result = try await run(
                """
                import asyncio
                from js import setTimeout
                async def work():
                    await asyncio.sleep(0.01)
                    print("worked")
                    asyncio.create_task(more())
                async def more():
                    await asyncio.sleep(0)
                    print("more")
                asyncio.ensure_future(work())
                setTimeout(lambda: print("timer"), 20)
                print("end")
                """
            )
            let lines = result.output.split(separator: "\n")
            #expect(lines.first == "end")
            #expect(lines.sorted() == ["end", "more", "timer", "worked"], "\(result.errors)")
            #expect(result.status == .exited(0))
        }

        @Test func `sys.exit ends a script that only waits for what it has started`() async throws {
            let result = try await run(
                """
                import asyncio, sys
                async def leave():
                    await asyncio.sleep(0)
                    sys.exit(5)
                async def forever():
                    try:
                        await asyncio.Event().wait()
                    finally:
                        print("cancelled")
                tasks = [asyncio.ensure_future(leave()), asyncio.ensure_future(forever())]
                """
            )
            #expect(result.output == "cancelled\n", "\(result.errors)")
            #expect(result.status == .exited(5))
        }

        @Test func `run_sync waits in scripts that await, too`() async throws {
            let result = try await run(
                """
                import asyncio
                from pyodide.ffi import can_run_sync, run_sync
                await asyncio.sleep(0)
                def wait():
                    return run_sync(asyncio.sleep(0.01, 6))
                print(can_run_sync(), wait())
                """
            )
            #expect(result.output == "True 6\n", "\(result.errors)")
        }

        @Test func `A script's name in place of a prompt is refused with the command`() async throws
        {
            let folder = try TemporaryFolder()
            try folder.write("", to: "chat.py")
            for words in [["chat.py"], ["rum", "chat.py"]] {
                let result = try await AmaruProcess.run(words, in: folder)
                #expect(result.errors.contains("amaru run chat.py runs it"), "\(result.errors)")
                #expect(result.status == .exited(2))
            }
        }

        @Test func `A text that only mentions a block has none`() async throws {
            let result = try await run("print('# /// script')\n# as in # /// script\n")
            #expect(result.output == "# /// script\n")
            #expect(result.errors == "")
        }
    }
}
