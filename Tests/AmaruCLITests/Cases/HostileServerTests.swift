// Servers that send too much, too little, or somewhere else.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

import enum Amaru.LinkedPython

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct HostileServerTests {
        /// Memory that a chat may take at most, in a build without optimisation.
        private static let bound = 250 << 20

        /// Asks in a conversation, whose memory can be looked at after the answer.
        private func expectBoundedMemory(
            _ response: ScriptedResponse,
            _ words: String,
            options more: [String] = []
        ) async throws {
            let terminal = try PseudoTerminal(columns: 400)
            try await withChat(ScriptedServer([response])) { options in
                let chat = try AmaruProcess(options + more, on: terminal)
                try await terminal.waitFor("> ")
                try terminal.send("hello\r")
                try await terminal.waitFor(words)
                try await terminal.waitFor("> ")
                #if os(Linux)
                    let peak = try chat.peakMemory
                    print("\(words): at most \(peak >> 20) MiB of memory")
                    #expect(peak < Self.bound)
                #endif
                try terminal.send("\u{4}")
                #expect(try await chat.end() == .exited(0))
            }
        }

        // MARK: Bodies

        @Test(arguments: [400, 401, 404])
        func `An error body without an end is read in part`(_ status: Int) async throws {
            try await expectBoundedMemory(
                .flood(
                    "all went wrong ",
                    head: ScriptedResponse.head("text/plain", status: status)
                ),
                "(\(status))"
            )
        }

        @Test func `An error body of one line without an end is shown in part`() async throws {
            let head = ScriptedResponse.head("application/json", status: 400)
            try await expectBoundedMemory(.flood("x", head: head), "(400)")
        }

        @Test func `An error body that never comes does not hold the error back`() async throws {
            let gate = Gate()
            defer { gate.open() }
            let head = ScriptedResponse.head(
                status: 401,
                headers: [("Content-Type", "text/plain"), ("Content-Length", "100")]
            )
            let server = ScriptedServer([ScriptedResponse([.text(head), .wait(gate)])])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(["hello"] + options)
            }
            #expect(result.errors.contains("wants a key (401)"), "\(result)")
            #expect(result.status == .exited(1))
        }

        /// A mebibyte of gzip that unpacks to a gibibyte, made by repeating one block.
        private static let bomb = Task {
            let made = """
                import base64, sys, zlib
                packer = zlib.compressobj(9, zlib.DEFLATED, -15)
                block = packer.compress(bytes(16 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
                head = bytes([31, 139, 8, 0, 0, 0, 0, 0, 0, 3])
                print(base64.b64encode(head + block * 64).decode())
                """
            let result = try await AmaruProcess.run(
                ["-c", made],
                of: try LinkedPython.interpreter()
            )
            let text = result.output.trimmingCharacters(in: .whitespacesAndNewlines)
            return try #require(Data(base64Encoded: text))
        }

        @Test(arguments: [(400, "(400)"), (200, "127.0.0.1")])
        func `A small body that unpacks to a gibibyte is unpacked in part`(
            _ status: Int,
            _ words: String
        ) async throws {
            let body = try await Self.bomb.value
            #expect(body.count < 2 << 20)
            let head = ScriptedResponse.head(
                status: status,
                headers: [
                    ("Content-Type", "application/json"), ("Content-Encoding", "gzip"),
                    ("Content-Length", "\(body.count)"),
                ]
            )
            try await expectBoundedMemory(
                ScriptedResponse([.text(head), .bytes(body)]),
                words
            )
        }

        @Test func `An answer without an end is cut off, and what came is kept`() async throws {
            let piece = delta(String(repeating: "0123456789abcde\n", count: 4096))
            let server = ScriptedServer([.flood(piece)])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(["hello"] + options)
            }
            #expect(result.errors.contains("longer than 16 MiB"), "\(result.errors)")
            #expect(result.output.utf8.count > 15 << 20)
            #expect(result.status == .exited(1))
        }

        // MARK: Nothing, again and again

        /// What a stall of a second may take on a machine that is busy.
        private static let stallBound = Duration.seconds(15)

        @Test(arguments: [
            ": nothing\n\n", "\n", "event: ping\ndata:\n\n", delta(""), event("{}"),
            event(#"{"role": "assistant"}"#), "data: {\"choices\": []}\n\n",
        ])
        func `A flood without content is a stall`(_ nothing: String) async throws {
            let server = ScriptedServer([.flood(nothing)])
            let result = try await withChat(server) { options in
                try await AmaruProcess(["hello", "--stall-timeout", "1"] + options)
                    .result(within: Self.stallBound)
            }
            #expect(result.errors.contains("nothing of the answer for 1 s"), "\(result)")
            #expect(result.output == "")
            #expect(result.status == .exited(1))
        }

        @Test func `A flood without content behind a first word is a stall, and the word is kept`()
            async throws
        {
            let server = ScriptedServer([
                .flood(
                    ": nothing\n\n",
                    head: ScriptedResponse.head("text/event-stream") + delta("word")
                )
            ])
            let result = try await withChat(server) { options in
                try await AmaruProcess(["hello", "--stall-timeout", "1"] + options)
                    .result(within: Self.stallBound)
            }
            #expect(result.errors.contains("nothing more of the answer for 1 s"), "\(result)")
            #expect(result.output == "word\n")
            #expect(result.status == .exited(1))
        }

        @Test func `Ctrl-C stops a flood without content`() async throws {
            let reached = Gate()
            let server = ScriptedServer([.flood(": nothing\n\n") { reached.open() }])
            let result = try await withChat(server) { options in
                let chat = try AmaruProcess(["hello"] + options)
                try await reached.wait()
                chat.signal(SIGINT)
                return try await chat.result()
            }
            #expect(result == .init(status: .interrupted, output: "", errors: ""))
        }

        // MARK: Redirects

        @Test(arguments: [301, 302, 303, 307, 308])
        func `A redirect that leads in circles is named after a few requests`(
            _ status: Int
        ) async throws {
            let server = ScriptedServer { request, _ in
                .text("", status: status, headers: [("Location", request.path + "?")])
            }
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(["hello"] + options)
            }
            #expect(result.errors.contains("keeps redirecting"), "\(result)")
            #expect(result.errors.split(separator: "\n").count == 1)
            #expect(result.status == .exited(1))
            #expect(server.requests.count < 10)
        }

        @Test func `A redirect that leads further and further is named after a few requests`()
            async throws
        {
            let server = ScriptedServer { _, index in
                .text("", status: 307, headers: [("Location", "/\(index)")])
            }
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(["hello"] + options)
            }
            #expect(result.errors.contains("keeps redirecting"), "\(result)")
            #expect(result.status == .exited(1))
            #expect(server.requests.count < 10)
        }

        @Test func `A redirect to the answer is followed, with the key and the message`()
            async throws
        {
            let server = ScriptedServer { request, index in
                index == 0
                    ? .text("", status: 308, headers: [("Location", "/v2/chat/completions")])
                    : .chat("fine")
            }
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(
                    ["hello"] + options,
                    environment: ["OPENAI_API_KEY": "sk-of-base"]
                )
            }
            #expect(result == .init(status: .exited(0), output: "fine\n", errors: ""))
            #expect(
                server.requests.map(\.path) == ["/v1/chat/completions", "/v2/chat/completions"]
            )
            #expect(try ChatBody.asked(server.requests) == ["hello", "hello"])
            #expect(server.requests.last?.header("authorization") == "Bearer sk-of-base")
        }

        @Test(arguments: ["", "ftp://host/", "http://", "http://127.0.0.1:99999/"])
        func `A redirect to nowhere is a fault in one line`(_ location: String) async throws {
            let server = ScriptedServer { _, _ in
                .text("moved", status: 302, headers: [("Location", location)])
            }
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(["hello"] + options)
            }
            #expect(result.status == .exited(1), "\(result)")
            #expect(result.errors.split(separator: "\n").count == 1, "\(result)")
            #expect(!result.errors.contains("report this fault"), "\(result)")
        }
    }
}
