// `amaru serve --workers`: several interpreters behind one server.
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
    @Suite(.timeLimit(.minutes(5))) struct ServeWorkersTests {
        let folder: TemporaryFolder

        /// What a test sees of its interpreters; each answer begins with the process and how many
        /// answers it has begun.
        private static let script = """
            import amaru, asyncio, os, signal, socket, time

            asked, stopped = 0, 0

            def meet(count):
                os.makedirs("met", exist_ok=True)
                open(f"met/{os.getpid()}", "w").close()
                end = time.monotonic() + 60
                # It blocks its interpreter: each needs one of its own.
                while len(os.listdir("met")) < count and time.monotonic() < end: pass
                return len(os.listdir("met"))

            def listening():
                count = 0
                for name in os.listdir("/proc/self/fd"):
                    try: end = socket.socket(fileno=os.dup(int(name)))
                    except OSError: continue
                    count += end.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
                    end.close()
                return count

            @amaru.reply
            async def reply(message, turn):
                global asked, stopped
                asked += 1
                yield f"process {os.getpid()} asked {asked} "
                if message == "meet": yield f"met {meet(4)}"
                elif message == "block": time.sleep(600)
                elif message == "defy":
                    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                        signal.signal(number, signal.SIG_IGN)
                    os.setsid()
                    sum(range(10**12))
                elif message == "wait":
                    try: await asyncio.sleep(600)
                    except asyncio.CancelledError:
                        stopped += 1
                        raise
                elif message == "listening": yield f"listening {listening()}"
                elif message == "key": yield os.environ["OPENAI_API_KEY"]
                elif message == "notice": amaru.notice("a note")
                yield f"stopped {stopped}"

            """

        init() throws {
            folder = try TemporaryFolder()
            try folder.write(Self.script, to: "chat.py")
        }

        private func start(
            _ count: Int = 2,
            environment: [String: String?] = [:]
        ) async throws -> (AmaruProcess, HTTPProbe) {
            let (process, probe) = try await ServedCommand.start(
                in: folder,
                "chat.py",
                "--workers",
                "\(count)",
                environment: environment
            )
            try await process.waitForErrors("the script answers")
            return (process, probe)
        }

        private func end(_ process: AmaruProcess) async throws {
            process.signal(SIGTERM)
            #expect(try await process.end() == .exited(0))
        }

        /// Asks as a program does.
        private func ask(_ message: String, _ probe: HTTPProbe) async throws -> String {
            let messages = #"[{"role":"user","content":"\#(message)"}]"#
            let body = #"{"model":"chat","messages":\#(messages)}"#
            return try await probe.post("/v1/chat/completions", body).body
        }

        /// Makes a conversation on the page, and returns its path.
        private func converse(_ probe: HTTPProbe) async throws -> String {
            let made = try await probe.post("/api/conversations").body
            return "/api/conversations/\(made.split(separator: "\"")[3])"
        }

        /// Sends a message from the page, and returns the path of its turn.
        private func say(
            _ message: String,
            in conversation: String,
            _ probe: HTTPProbe
        ) async throws -> String {
            let body = #"{"message":"\#(message)","request":"\#(UUID())"}"#
            let begun = try await probe.post("\(conversation)/turns", body)
            #expect(begun.status == 202, "\(begun)")
            return "/api/turns/\(begun.body.filter(\.isNumber))"
        }

        /// The number behind a word.
        private func number(behind word: String, in text: String) throws -> Int32 {
            let rest = try #require(text.split(separator: word, maxSplits: 1).last)
            return try #require(Int32(rest.prefix { $0.isNumber }), "\(text)")
        }

        /// Waits until a process has ended.
        private func waitForEnd(of process: Int32) async throws {
            let ended: Void? = try await bounded {
                while kill(process, 0) == 0 { await Task.yield() }
            }
            #expect(ended != nil, "the process \(process) goes on")
        }

        // MARK: Answers

        @Test func `Four answers are made at once, each in a process of its own`() async throws {
            let (process, probe) = try await start(4)
            async let one = ask("meet", probe)
            async let two = ask("meet", probe)
            async let three = ask("meet", probe)
            async let four = ask("meet", probe)
            let answers = try await [one, two, three, four]
            for answer in answers { #expect(answer.contains("met 4"), "\(answer)") }
            let processes = try answers.map { try number(behind: "process ", in: $0) }
            #expect(Set(processes).count == 4)
            #expect(try await probe.get("/health").body.contains(#""workers":4"#))
            #expect(try await probe.get("/metrics").body.contains("amaru_workers 4\n"))
            #expect(try await ask("listening", probe).contains("listening 0"))
            try await end(process)
            for worker in processes { try await waitForEnd(of: worker) }
        }

        @Test func `A conversation stays with its interpreter`() async throws {
            let (process, probe) = try await start(3)
            let conversation = try await converse(probe)
            var processes: Set<Int32> = []
            for round in 1...3 {
                let turn = try await say("count", in: conversation, probe)
                let events = try await probe.get("\(turn)/events").body
                let worker = try number(behind: "process ", in: events)
                processes.insert(worker)
                // As a service manager does to all of a unit: it is the server that ends workers.
                for signal in [SIGTERM, SIGINT] { kill(worker, signal) }
                #expect(try number(behind: "asked ", in: events) == round)
            }
            #expect(processes.count == 1)
            let turn = try await say("notice", in: conversation, probe)
            #expect(try await probe.get("\(turn)/events").body.contains("a note"))
            try await end(process)
        }

        @Test func `Stop reaches the script`() async throws {
            let (process, probe) = try await start()
            let conversation = try await converse(probe)
            let turn = try await say("wait", in: conversation, probe)
            try await probe.connected { viewer in
                try await viewer.write(
                    "GET \(turn)/events HTTP/1.1\r\nHost: localhost:\(probe.port)\r\n\r\n"
                )
                #expect(try await viewer.wait(for: "asked 1"))
                #expect(try await probe.post("\(turn)/stop").status == 204)
                #expect(try await viewer.wait(for: #""state":"stopped""#))
            }
            let seen: Void? = try await bounded {
                while true {
                    let next = try await say("count", in: conversation, probe)
                    let events = try await probe.get("\(next)/events").body
                    if events.contains("stopped 1") { return }
                }
            }
            #expect(seen != nil)
            try await end(process)
        }

        // MARK: Ends

        @Test func `A worker that is killed fails its turn, and is started again`() async throws {
            let (process, probe) = try await start()
            let conversation = try await converse(probe)
            let turn = try await say("wait", in: conversation, probe)
            let first = try await worker(of: turn, probe)
            kill(first, SIGKILL)
            try await process.waitForErrors("is started again")
            let events = try await probe.get("\(turn)/events").body
            #expect(events.contains("the process that was answering has ended (signal 9)"))
            #expect(events.contains("send the message again"))
            #expect(try await probe.get(conversation).body.contains(#""state":"failed""#))
            let next = try await say("count", in: conversation, probe)
            let answer = try await probe.get("\(next)/events").body
            #expect(try number(behind: "asked ", in: answer) == 1)
            #expect(try number(behind: "process ", in: answer) != first)
            let metrics = try await probe.get("/metrics").body
            #expect(metrics.contains("amaru_worker_restarts_total 1\n"))
            try await end(process)
        }

        /// The process that answers a turn, by the beginning of its answer.
        private func worker(of turn: String, _ probe: HTTPProbe) async throws -> Int32 {
            let text = try await probe.connected { viewer in
                try await viewer.write(
                    "GET \(turn)/events HTTP/1.1\r\nHost: localhost:\(probe.port)\r\n\r\n"
                )
                return try await viewer.text(until: "asked 1")
            }
            return try number(behind: "process ", in: text)
        }

        @Test(arguments: [SIGTERM, SIGKILL], ["block", "defy"])
        func `No worker outlives the server, even one that hangs or ignores signals`(
            _ signal: Int32,
            _ message: String
        ) async throws {
            let (process, probe) = try await start()
            let conversation = try await converse(probe)
            let turn = try await say(message, in: conversation, probe)
            let hanging = try await worker(of: turn, probe)
            let idle = try number(behind: "process ", in: await ask("count", probe))
            #expect(hanging != idle)
            process.signal(signal)
            let status = try await process.end()
            #expect(status == (signal == SIGTERM ? .exited(0) : .signalled(SIGKILL)))
            for worker in [hanging, idle] { try await waitForEnd(of: worker) }
        }

        @Test func `A script that does not start is started again once it is fixed`() async throws {
            try folder.write("import nowhere\n", to: "chat.py")
            let (process, probe) = try await ServedCommand.start(
                in: folder,
                "chat.py",
                "--workers",
                "2"
            )
            try await process.waitForErrors("the script raised ModuleNotFoundError")
            let state = try await probe.get("/api/state").body
            #expect(state.contains("No module named 'nowhere'"))
            try folder.write(Self.script, to: "chat.py")
            try await process.waitForErrors("chat.py has changed: starting again")
            try await process.waitForErrors("the script answers")
            #expect(try await ask("count", probe).contains("asked 1"))
            process.signal(SIGTERM)
            let result = try await process.result()
            #expect(result.status == .exited(0))
            // Not by each worker.
            #expect(result.errors.split(separator: "Traceback").count == 2)
        }

        // MARK: Keys and options

        #if os(Linux)
            @Test func `No worker shows a key or the token`() async throws {
                let (key, token) = ("sk-test-0123456789", "0123456789abcdef-token")
                let (process, probe) = try await start(
                    environment: ["OPENAI_API_KEY": key, "AMARU_SERVE_TOKEN": token]
                )
                let answer = try await probe.post(
                    "/v1/chat/completions",
                    #"{"model":"chat","messages":[{"role":"user","content":"key"}]}"#,
                    ["Authorization: Bearer \(token)"]
                ).body
                #expect(answer.contains("amaru-"), "\(answer)")
                let worker = try number(behind: "process ", in: answer)
                for file in ["environ", "cmdline"] {
                    let bytes = try Data(contentsOf: URL(filePath: "/proc/\(worker)/\(file)"))
                    let text = String(decoding: bytes, as: UTF8.self)
                    #expect(!text.contains(key) && !text.contains(token), "\(file)")
                }
                try await end(process)
            }
        #endif

        @Test func `A key that is typed reaches every worker`() async throws {
            let script = """
                import js_module, os

                def sender_message_proxy(key, text):
                    js_module.displayResponse(f"process {os.getpid()} key {key[:6]}")

                """
            try folder.write(script, to: "chat.py")
            let terminal = try PseudoTerminal()
            let words = ["serve", "--port", "0", "--workers", "2", "-v", "chat.py"]
            let process = try AmaruProcess(words, on: terminal, in: folder)
            try await terminal.waitFor("Key for https://api.openai.com")
            try terminal.send("sk-test-0123456789\n")
            try await terminal.waitFor("the script answers")
            let port = try number(behind: "http://127.0.0.1:", in: process.output.text)
            let probe = HTTPProbe(port: Int(port))
            let seen: Void? = try await bounded {
                var processes: Set<Int32> = []
                while processes.count < 2 {
                    async let one = ask("hi", probe)
                    async let two = ask("hi", probe)
                    for answer in try await [one, two] {
                        #expect(answer.contains("key amaru-"), "\(answer)")
                        processes.insert(try number(behind: "process ", in: answer))
                    }
                }
            }
            #expect(seen != nil)
            try await end(process)
        }

        @Test func `What workers cannot do is refused`() async throws {
            for (words, message) in [
                (["--workers", "0"], "--workers 0: there can be 1 to 64 processes."),
                (["--workers", "65"], "--workers 65: there can be"),
                (["--workers", "2", "--record", "r"], "--record and --trace-http write a file"),
                (["--as-worker"], "--as-worker is only for processes of amaru serve"),
            ] {
                let result = try await AmaruProcess.run(["serve", "chat.py"] + words, in: folder)
                #expect(result.status == .exited(words.count > 1 ? 2 : 1))
                #expect(result.errors.hasPrefix("amaru: \(message)"), "\(result)")
            }
            let local = try await AmaruProcess.run(["serve", "--workers", "2"], in: folder)
            #expect(local.status == .exited(2))
            #expect(local.errors.contains("--workers is for scripts"))
        }
    }
}
