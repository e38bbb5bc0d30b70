// `amaru serve`: its start, its scripts, its end.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct ServeCommandTests {
        let folder: TemporaryFolder

        private static let token = "0123456789abcdef-token"

        init() throws {
            folder = try TemporaryFolder()
            try folder.write(ServedCommand.echo, to: "chat.py")
        }

        // MARK: Start and end

        @Test(arguments: [SIGINT, SIGTERM])
        func `It answers once it has printed its address, and a signal ends it in order`(
            _ signal: Int32
        ) async throws {
            let (process, probe) = try await ServedCommand.start(in: folder, "chat.py")
            #expect(try await probe.get("/").status == 200)
            try await process.waitForErrors("the script answers")
            #expect(try await ServedCommand.isUp(probe))
            process.signal(signal)
            let result = try await process.result()
            #expect(result.status == .exited(0))
            #expect(result.output == "http://127.0.0.1:\(probe.port)/\n")
        }

        @Test(arguments: [SIGINT, SIGTERM], ["1", "2"])
        func `It ends in order while the script blocks`(_ signal: Int32, workers: String)
            async throws
        {
            try folder.write(
                "import sys, time\nsys.stderr.write('begun\\n')\ntime.sleep(600)\n",
                to: "chat.py"
            )
            let (process, probe) = try await ServedCommand.start(
                in: folder,
                "chat.py",
                "--workers",
                workers
            )
            #expect(try await probe.get("/health").status == 200)
            try await process.waitForErrors("begun")
            process.signal(signal)
            let result = try await process.result()
            #expect(result.status == .exited(0))
            #expect(!result.errors.contains("Traceback") && !result.errors.contains("Fix it"))
        }

        @Test func `The page of a folder made for Pyodide is served with its Python`() async throws
        {
            try folder.write("<script src=\"python.js\"></script>", to: "app/index.html")
            try folder.write("", to: "app/python.js")
            let script = """
                import js_module

                def sender_message_proxy(key, text):
                    js_module.displayResponse(text)

                """
            try folder.write(script, to: "app/main.py")
            let (process, probe) = try await ServedCommand.start(in: folder, "app", "--no-key")
            try await process.waitForErrors("the script answers")
            #expect(try await ServedCommand.isUp(probe))
            process.signal(SIGTERM)
            #expect(try await process.end() == .exited(0))
        }

        // MARK: Bad input

        private func refusal(
            _ arguments: [String],
            _ token: String? = nil,
            code: Int32 = 2
        ) async throws -> String {
            let result = try await AmaruProcess.run(
                ["serve"] + arguments,
                in: folder,
                environment: token.map { ["AMARU_SERVE_TOKEN": $0] } ?? [:]
            )
            #expect(result.status == .exited(code), "\(result)")
            #expect(result.output.isEmpty)
            return result.errors
        }

        @Test func `A port that is taken is named`() async throws {
            let (process, probe) = try await ServedCommand.start(in: folder, "chat.py")
            let errors = try await refusal(["chat.py", "--port", "\(probe.port)"], code: 1)
            let expected = """
                amaru: the port \(probe.port) of 127.0.0.1 is taken by another program: name another \
                one with --port, or let the system choose with --port 0.

                """
            #expect(errors == expected)
            process.signal(SIGTERM)
            try await process.end()
        }

        @Test func `A host that nobody knows is named`() async throws {
            let address = ["--host", "nowhere.invalid", "--port", "0"]
            let errors = try await refusal(["chat.py"] + address, Self.token, code: 1)
            #expect(errors.contains("nowhere.invalid is not a known name"), "\(errors)")
            #expect(!errors.contains("SocketAddressError"))
        }

        @Test func `What cannot be served is named before anything is`() async throws {
            let missing = try await refusal(["nowhere.py", "--port", "0"])
            #expect(missing == "amaru: nowhere.py: there is no such file or folder.\n")
            let input = try await refusal(["-", "--port", "0"])
            #expect(input.contains("A script on standard input cannot be served"))
            let host = try await refusal(["chat.py", "--allow-host", "a/b", "--port", "0"])
            #expect(host.contains("--allow-host a/b"))
            let port = try await refusal(["chat.py", "--port", "70000"])
            #expect(port.contains("--port 70000: a port is a number from 0 to 65535."))
            let url = try await refusal(["chat.py", "--public-url", "chat.example", "--port", "0"])
            #expect(url.contains("--public-url chat.example: write a URL"))
        }

        @Test func `A token that is too short, or that others can read, is refused`() async throws {
            let short = try await refusal(["chat.py"], "short-one")
            #expect(short.contains("AMARU_SERVE_TOKEN: a token has at least 16 characters"))
            #expect(!short.contains("short-one"))
            try folder.write(Self.token, to: "token", permissions: 0o644)
            let open = try await refusal(["chat.py", "--token-file", "token"])
            #expect(open.contains("chmod 600 token"))
            let missing = try await refusal(["chat.py", "--token-file", "nowhere"])
            #expect(missing.contains("--token-file nowhere: there is no such file."))
        }

        // MARK: Tokens

        @Test func `A server for other machines makes a token, and shows it once`() async throws {
            let (process, probe) = try await ServedCommand.start(
                in: folder,
                "chat.py",
                "--host",
                "0.0.0.0"
            )
            try await process.waitForErrors("the token, which is shown this once: ")
            try await process.waitForErrors("other machines reach it at ")
            try await process.waitForErrors("the script answers")
            #expect(try await probe.get("/metrics").status == 401)
            process.signal(SIGTERM)
            let result = try await process.result()
            let line = result.errors.split(separator: "\n").first { $0.contains("shown this once") }
            #expect(line?.split(separator: " ").last?.count == 32)
            #expect(result.output == "http://127.0.0.1:\(probe.port)/\n")
        }

        @Test func `A token is where nobody sees it`() async throws {
            let (process, probe) = try await ServedCommand.start(
                in: folder,
                "chat.py",
                "--open",
                environment: ["AMARU_SERVE_TOKEN": Self.token]
            )
            try await process.waitForErrors("the script answers")
            #expect(try await ServedCommand.isUp(probe, token: Self.token))
            _ = try await probe.get("/v1/models?token=\(Self.token)")
            #if os(Linux)
                for file in ["environ", "cmdline"] {
                    let path = "/proc/\(process.identifier)/\(file)"
                    let text = try Data(contentsOf: URL(filePath: path))
                    #expect(!String(decoding: text, as: UTF8.self).contains(Self.token))
                }
            #endif
            let link = try #require(process.output.text.split(separator: "\n").last)
            let code = try #require(link.split(separator: "#t=").last)
            #expect(link == "http://127.0.0.1:\(probe.port)/#t=\(code)")
            #expect(try await probe.post("/api/login", #"{"token":"\#(code)"}"#).status == 204)
            #expect(try await probe.post("/api/login", #"{"token":"\#(code)"}"#).status == 401)
            process.signal(SIGTERM)
            let result = try await process.result()
            #expect(result.errors.contains("Z GET /v1/models 401"))
            #expect(!(result.errors + result.output).contains(Self.token))
        }

        @Test func `A link that logs in is not promised where none is needed`() async throws {
            let (process, _) = try await ServedCommand.start(in: folder, "chat.py", "--open")
            try await process.waitForErrors("--open: no token is needed")
            process.signal(SIGTERM)
            #expect(try await process.end() == .exited(0))
        }

        @Test(arguments: [1, 2])
        func `What an answer raises is on standard error, with its traceback`(
            _ workers: Int
        ) async throws {
            let script = "import amaru\n@amaru.reply\ndef reply(message):\n    return 1 / 0\n"
            try folder.write(script, to: "chat.py")
            let (process, probe) = try await ServedCommand.start(
                in: folder,
                "chat.py",
                "--workers",
                "\(workers)",
                isVerbose: false
            )
            let body = #"{"model":"chat","messages":[{"role":"user","content":"hello"}]}"#
            let reply = try await probe.post("/v1/chat/completions", body)
            #expect(reply.status >= 500)
            #expect(!reply.body.contains("chat.py"))
            process.signal(SIGTERM)
            let errors = try await process.result().errors
            #expect(errors.contains("Traceback (most recent call last):\n"), "\(errors)")
            #expect(errors.contains("chat.py\", line 4, in reply"), "\(errors)")
            #expect(errors.matches(of: /ZeroDivisionError/).count == 1, "\(errors)")
        }

        // MARK: Scripts that do not start

        static let faults = [
            ("import amaru\ndef reply(:\n", "the script raised SyntaxError"),
            (
                "import nowhere\n",
                "the script raised ModuleNotFoundError: No module named 'nowhere'"
            ),
            ("raise SystemExit(3)\n", "the script has ended itself (exit status 3)"),
            ("raise SystemExit('no key')\n", "ended itself (exit status 1): no key: Fix it"),
            ("print('done')\n", "the script offers nothing that answers messages"),
        ]

        @Test(arguments: faults)
        func `A script that does not start is started again once it is fixed`(
            _ script: String,
            _ fault: String
        ) async throws {
            try folder.write(script, to: "chat.py")
            let (process, probe) = try await ServedCommand.start(
                in: folder,
                "chat.py",
                environment: [
                    "OPENAI_API_KEY": "sk-test-0123456789", "AMARU_SERVE_TOKEN": Self.token,
                ]
            )
            try await process.waitForErrors(fault)
            #expect(try await !ServedCommand.isUp(probe, token: Self.token))
            // With the key, too: a placeholder stands for it.
            let check = "import os\nassert os.environ['OPENAI_API_KEY'].startswith('amaru-')\n"
            try folder.write(ServedCommand.echo + check, to: "chat.py")
            try await process.waitForErrors("chat.py has changed: starting again")
            try await process.waitForErrors("the script answers")
            #expect(try await ServedCommand.isUp(probe, token: Self.token))
            process.signal(SIGTERM)
            let result = try await process.result()
            #expect(result.status == .exited(0))
            #expect(!result.errors.contains("Traceback") || fault.contains("ModuleNotFound"))
        }

        @Test func `What a broken script imports may be what is fixed`() async throws {
            try folder.write("import part\n" + ServedCommand.echo, to: "chat.py")
            try folder.write("1 +\n", to: "part.py")
            let (process, probe) = try await ServedCommand.start(in: folder, "chat.py")
            try await process.waitForErrors("the script raised SyntaxError")
            let broken = try await probe.get("/api/state").body
            #expect(broken.contains("SyntaxError") && broken.contains(#""ready":false"#))
            try folder.write("1 + 1\n", to: "part.py")
            try await process.waitForErrors("amaru: part.py has changed: starting again")
            try await process.waitForErrors("the script answers")
            #expect(try await ServedCommand.isUp(probe))
            let sound = try await probe.get("/api/state").body
            #expect(sound.contains(#""fault":null"#) && sound.contains(#""ready":true"#))
            process.signal(SIGTERM)
            #expect(try await process.end() == .exited(0))
        }
    }
}
