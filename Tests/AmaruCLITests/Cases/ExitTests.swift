// Ends that Python or a child would delay.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct ExitTests {
        /// Code that runs when Python ends, and seconds later says so, if it still can.
        static let hangs = [
            "atexit.register(lambda: (time.sleep(6), late()))",
            "def loop():\n    while time.monotonic() < begun + 6: pass\n    late()\n"
                + "def begin():\n    global begun\n    begun = time.monotonic()\n    loop()\n"
                + "atexit.register(begin)",
            // No bytecode, in which it could be interrupted.
            "atexit.register(lambda: (sum(range(10**9)), late()))",
            "ended = threading.Event()\nthreading._register_atexit(ended.set)\n"
                + "threading.Thread(target=lambda: (ended.wait(), time.sleep(6), late())).start()",
            "class Held:\n    def __del__(self): time.sleep(6); late()\nheld = Held()",
        ]

        /// What an end may take, if the machine is busy.
        private static let bound = Duration.seconds(10)

        @Test(arguments: hangs)
        func `Ctrl-D ends a chat whose script hangs at its end`(_ code: String) async throws {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import amaru, atexit, os, threading, time
                def late(): os.write(1, b"[late]")
                \(code)
                @amaru.reply
                def answer(text): return "said " + text
                """,
                to: "script.py"
            )
            let terminal = try PseudoTerminal()
            let chat = try AmaruProcess(["run", "script.py"], on: terminal, in: folder)
            try await terminal.waitFor("> ")
            try terminal.send("hello\r")
            try await terminal.waitFor("said hello")
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            #expect(try await chat.end(within: Self.bound) == .exited(0))
            // The program did not wait for it: half a second is what it gives Python.
            try await terminal.screen.waitForEnd()
            #expect(!terminal.output.contains("[late]"))
        }

        @Test func `An exit function that ends is run, as under python`() async throws {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import amaru, atexit
                atexit.register(print, "exit function")
                @amaru.reply
                def answer(text): return "said " + text
                """,
                to: "script.py"
            )
            let result = try await AmaruProcess.run(
                ["run", "script.py"],
                input: "hello\n",
                in: folder
            )
            #expect(
                result
                    == .init(status: .exited(0), output: "said hello\nexit function\n", errors: "")
            )
        }

        // MARK: Interrupts of the start

        /// When the signal comes, in milliseconds; what it meets there depends on the machine.
        static let moments = Array(stride(from: 0, through: 200, by: 8))

        @Test(arguments: moments)
        func `SIGINT at any moment of the start ends the program`(_ moment: Int) async throws {
            let folder = try TemporaryFolder()
            try folder.write("while True: pass\n", to: "script.py")
            let server = ScriptedServer { _, _ in
                try? await Gate().wait()
                return .closeBeforeHead
            }
            try await withChat(server) { options in
                for arguments in [["hello"] + options, ["run", "script.py"]] {
                    let run = try AmaruProcess(arguments, in: folder)
                    try await Task.sleep(for: .milliseconds(moment))
                    run.signal(SIGINT)
                    let status = try await run.end()
                    #expect(status == .interrupted, "\(arguments[0])")
                }
            }
        }

        @Test(arguments: moments)
        func `Ctrl-C at any moment of the start leaves a terminal as it was`(
            _ moment: Int
        ) async throws {
            let terminal = try PseudoTerminal(columns: 200)
            let shell = try AmaruProcess(
                ["--base-url", "http://127.0.0.1:1/v1"],
                on: terminal,
                // Ctrl-C is for the program alone.
                shell: #"trap : INT; echo "[ready]"; "$@"; stty -a; echo "[end]""#
            )
            try await terminal.waitFor("[ready]")
            try await Task.sleep(for: .milliseconds(moment))
            try terminal.send("\u{3}")
            // If that was no more than a line given up; one that comes at once may be lost with it.
            let patience = Task {
                while !Task.isCancelled {
                    try await Task.sleep(for: .milliseconds(200))
                    try terminal.send("\u{4}")
                }
            }
            defer { patience.cancel() }
            try await terminal.waitFor("[end]")
            #expect(try await shell.end() == .exited(0))
            #expect(terminal.output.contains(" icanon "), "\(terminal.output)")
            #expect(terminal.output.contains(" echo "), "\(terminal.output)")
        }

        // MARK: Children

        @Test(arguments: ["os._exit(3)", "os.execlp('sh', 'sh', '-c', 'exit 3')", "sys.exit(3)"])
        func `A forked child of a reply ends as under python`(_ end: String) async throws {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import amaru, os, sys
                @amaru.reply
                def answer(text):
                    child = os.fork()
                    if child == 0:
                        \(end)
                    return str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
                """,
                to: "script.py"
            )
            let result = try await AmaruProcess.run(
                ["run", "script.py"],
                input: "hello\n",
                in: folder
            )
            #expect(result == .init(status: .exited(0), output: "3\n", errors: ""))
        }

        @Test(arguments: ["sys.exit(3)", "os._exit(3)", "raise SystemExit(3)"])
        func `A child that is forked behind a part of the answer ends so too`(
            _ end: String
        ) async throws {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import amaru, os, sys
                @amaru.reply
                async def answer(text):
                    for _ in range(5):
                        yield "said "
                        child = os.fork()
                        if child == 0:
                            \(end)
                        yield str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])) + " "
                """,
                to: "script.py"
            )
            let run = ["run", "script.py"]
            let result = try await AmaruProcess.run(run, input: "hello\n", in: folder)
            let output = String(repeating: "said 3 ", count: 5)
            #expect(result == .init(status: .exited(0), output: "\(output)\n", errors: ""))
        }

        // MARK: Installers

        private static let script = ["run", "script.py"]
        private static let chat = ["hello", "--base-url", "http://127.0.0.1:1/v1"]

        @Test(arguments: [
            (SIGTERM, script), (SIGTERM, chat), (SIGHUP, chat), (SIGQUIT, script), (SIGKILL, chat),
        ])
        func `A signal during an installation ends the installer too`(
            _ signal: Int32,
            _ arguments: [String]
        ) async throws {
            // A package index that never answers.
            let index = ScriptedServer { _, _ in
                try? await Gate().wait()
                return .closeBeforeHead
            }
            try await index.start()
            let folder = try TemporaryFolder()
            try folder.write("print('loaded')\n", to: "script.py")
            let run = try AmaruProcess(
                [arguments[0], "--with", "amaru-test-absent"] + arguments.dropFirst(),
                in: folder,
                environment: [
                    "XDG_CACHE_HOME": folder.path + "/cache",
                    "PIP_INDEX_URL": "\(index.url)/simple", "PIP_FIND_LINKS": "",
                    "PIP_CONFIG_FILE": "/dev/null", "UV_NO_CONFIG": "1",
                    "UV_DEFAULT_INDEX": "\(index.url)/simple",
                ]
            )
            let isAsked: Void? = try await bounded { try await index.requests(reach: 1) }
            #expect(isAsked != nil)
            run.signal(signal)
            let result = try await run.result()
            #expect(result.status == .signalled(signal), "\(result)")
            // The installer's own end closes its connection.
            let isEnded: Void? = try await bounded { try await index.closedConnections(reach: 1) }
            #expect(isEnded != nil)
            await index.shutDown()
        }
    }
}
