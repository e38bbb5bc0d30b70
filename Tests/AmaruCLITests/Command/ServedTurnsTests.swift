// `amaru serve` with its page: turns at the end, faults, users.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct ServedTurnsTests {
        let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
            try folder.write(ServedCommand.echo, to: "chat.py")
        }

        @Test func `Turns that run at the end are told of it, and marked as interrupted`()
            async throws
        {
            let script = """
                import amaru, asyncio

                @amaru.reply
                async def reply(message):
                    yield "begun"
                    await asyncio.sleep(3600)

                """
            try folder.write(script, to: "chat.py")
            let (process, probe) = try await ServedCommand.start(in: folder, "chat.py")
            let id = try await probe.post("/api/conversations").body.split(separator: "\"")[3]
            let path = "/api/conversations/\(id)"
            for number in 0..<5 {
                let body = #"{"message":"hi","request":"\#(number)","parent":null}"#
                #expect(try await probe.post("\(path)/turns", body).status == 202)
            }
            let turn = try await probe.post("\(path)/turns", #"{"message":"hi","request":"0"}"#)
                .body
                .filter(\.isNumber)
            try await probe.connected { viewer in
                try await viewer.write(
                    "GET /api/turns/\(turn)/events HTTP/1.1\r\nHost: localhost:\(probe.port)\r\n\r\n"
                )
                #expect(try await viewer.wait(for: "begun"))
                process.signal(SIGTERM)
                let rest = try await viewer.rest()
                #expect(rest.contains("the server is ending") || rest.contains("event: done"))
                #expect(rest.hasSuffix("0\r\n\r\n"))
            }
            #expect(try await process.end() == .exited(0))
            let (second, again) = try await ServedCommand.start(in: folder, "chat.py")
            // The one that was seen to have begun; the last one may have been stopped before.
            let head = try await again.request(
                "PATCH",
                path,
                ["Content-Type: application/json"],
                body: #"{"head":\#(turn)}"#
            )
            #expect(head.status == 204)
            let whole = try await again.get(path).body
            #expect(whole.contains(#""state":"interrupted""#), "\(whole)")
            #expect(whole.contains("begun"))
            second.signal(SIGTERM)
            #expect(try await second.end() == .exited(0))
        }

        @Test func `What a script's failure is, and whose turns are whose, the page is told`()
            async throws
        {
            try folder.write("import nowhere\n", to: "chat.py")
            let (process, probe) = try await ServedCommand.start(in: folder, "chat.py")
            try await process.waitForErrors("ModuleNotFoundError")
            try await process.waitForErrors("add it with --with nowhere")
            let state = try await probe.get("/api/state").body
            #expect(state.contains(#""title":"chat""#))
            #expect(
                state.contains("the script raised ModuleNotFoundError: No module named 'nowhere'")
            )
            #expect(!state.contains("Traceback"))
            process.signal(SIGTERM)
            #expect(try await process.end() == .exited(0))
        }

        @Test func `What belongs to another user is not there`() async throws {
            let (ann, bob) = (String(repeating: "a", count: 16), String(repeating: "b", count: 16))
            try folder.write("ann:\(ann)\nbob:\(bob)\n", to: "token", permissions: 0o600)
            let (process, probe) = try await ServedCommand.start(
                in: folder,
                "chat.py",
                "--token-file",
                "token"
            )
            var cookies: [String] = []
            for token in [ann, bob] {
                let reply = try await probe.post("/api/login", #"{"token":"\#(token)"}"#)
                let cookie = try #require(reply.field("Set-Cookie"))
                cookies.append("Cookie: \(cookie.prefix { $0 != ";" })")
            }
            let made = try await probe.post("/api/conversations", "{}", [cookies[0]])
            let id = made.body.split(separator: "\"")[3]
            let body = #"{"message":"hi","request":"1"}"#
            let begun = try await probe.post("/api/conversations/\(id)/turns", body, [cookies[0]])
            let turn = begun.body.filter(\.isNumber)
            #expect(begun.status == 202)
            for (method, path, unknown) in [
                ("GET", "/api/conversations/\(id)", "/api/conversations/zzzz"),
                ("DELETE", "/api/conversations/\(id)", "/api/conversations/zzzz"),
                ("GET", "/api/turns/\(turn)/events", "/api/turns/1/events"),
                ("POST", "/api/turns/\(turn)/stop", "/api/turns/1/stop"),
            ] {
                let foreign = try await probe.request(method, path, [cookies[1]])
                let missing = try await probe.request(method, unknown, [cookies[1]])
                #expect(foreign.status == 404, "\(method) \(path)")
                #expect(foreign.body == missing.body, "\(method) \(path)")
            }
            let list = try await probe.get("/api/conversations", [cookies[1]]).body
            #expect(!list.contains(id))
            process.signal(SIGTERM)
            #expect(try await process.end() == .exited(0))
        }
    }
}
