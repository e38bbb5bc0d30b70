// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

/// Each in a process of its own: the whole process is counted.
@Suite("The network's module leaves nothing behind in Python", .serialized)
struct LeakTests {
    @Test("Exchanges through _amaru_http")
    func exchanges() async {
        await #expect(processExitsWith: .success) {
            try await LeakTrait.expectNothingLeft { try await Self.exchangeTwice() }
        }
    }

    private static func exchangeTwice() async throws {
        let server = ScriptedServer { _, _ in .text("hello") }
        _ = try await server.start()
        let module = HTTPModule(NIOHTTPBackend())
        try await Python.register(module.module)
        let value = try await Python.run(
            """
            import _amaru_http as http
            bodies = []
            for _ in range(2):
                exchange = http.open('GET', '\(server.url)', [b'Accept', b'*/*'], None, False, {})
                status, reason, version, headers = await http.head(exchange)
                body = b''
                while (chunk := await http.read(exchange)) is not None:
                    body += chunk
                await http.closed(exchange)
                bodies.append((status, body))
            bodies
            """,
            globals: try await PythonActor.run { try Python.eval("{}") }
        )
        let text = try await PythonActor.run { try Python.repr(value) }
        #expect(text == "[(200, b'hello'), (200, b'hello')]")
        await server.shutDown()
    }

    @Test("A refused exchange raises TransferError with its code")
    func refused() async {
        await #expect(processExitsWith: .success) {
            try await LeakTrait.expectNothingLeft { try await Self.refuse() }
        }
    }

    private static func refuse() async throws {
        let port = try await ScriptedServer.refusingPort()
        let module = HTTPModule(NIOHTTPBackend())
        try await Python.register(module.module)
        let value = try await Python.run(
            """
            import _amaru_http as http
            exchange = http.open('GET', 'http://127.0.0.1:\(port)/', [], None, False, {})
            try:
                await http.head(exchange)
                code = 'none'
            except http.TransferError as error:
                code = error.code
            http.cancel(exchange)
            code
            """,
            globals: try await PythonActor.run { try Python.eval("{}") }
        )
        #expect(try await PythonActor.run { try Python.str(value) } == "connect")
    }
}

@Suite("The search for leaks finds one")
struct PlantedLeakTests {
    @Test("An object kept in each repetition is reported")
    func planted() async {
        await #expect(processExitsWith: .success) {
            await withKnownIssue {
                try await LeakTrait.expectNothingLeft {
                    _ = try await PythonActor.run {
                        let kept: PythonObject = try Python.import("sys").path
                        return try kept.append([1]) as PythonObject
                    }
                }
            }
        }
    }
}
