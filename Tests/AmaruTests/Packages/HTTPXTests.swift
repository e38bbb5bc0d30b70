// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

/// The client of the packages index, over its own transport and a server on loopback.
@Suite("httpx2", .packages, .serialized, .timeLimit(.minutes(5)))
struct HTTPXTests {
    @Test("A synchronous client: text, JSON, headers, a body of Swift's bytes")
    func synchronous() async throws {
        try await LoopbackServer.serving { server in
            try await PythonActor.run {
                let httpx = try Python.import("httpx2")
                let client: PythonObject = try httpx.Client(
                    base_url: server.url,
                    headers: ["X-Token": "abc"],
                    trust_env: false
                )
                let hello: PythonObject = try client.get("/hello")
                #expect(try Int(hello.status_code) == 200)
                #expect(try String(hello.text) == "¡hola!")
                let headers: [String: String] = try client.get("/headers").json()
                #expect(headers["x-token"] == "abc")
                let body = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0) })
                let echo: PythonObject = try client.post("/echo", content: body)
                #expect(try Data(echo.content) == body)
                try client.close()
            }
        }
    }

    @Test("An asynchronous client is awaited in Swift, many requests at once")
    func asynchronous() async throws {
        try await LoopbackServer.serving { server in
            let client = try await PythonActor.run {
                try Python.import("httpx2").AsyncClient(base_url: server.url, trust_env: false)
                    as PythonObject
            }
            try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<10 {
                    group.addTask { try await Self.post("body \(number)", client) }
                }
                var bodies: Set<String> = []
                for try await body in group { bodies.insert(body) }
                #expect(bodies == Set((0..<10).map { "body \($0)" }))
            }
            try await Self.close(client)
        }
    }

    @PythonActor
    private static func post(_ text: String, _ client: PythonObject) async throws -> String {
        let request: PythonObject = try client.post("/echo", content: text)
        return try String(try await request.awaited().text)
    }

    @PythonActor
    private static func close(_ client: PythonObject) async throws {
        let closing: PythonObject = try client.aclose()
        _ = try await closing.awaited()
    }

    @Test("A source with top-level await streams a response")
    func streaming() async throws {
        try await LoopbackServer.serving { server in
            let url = try await PythonActor.run { try PythonObject(server.url) }
            let count = try await runAlone(
                """
                import httpx2
                async with httpx2.AsyncClient(trust_env=False) as client:
                    async with client.stream("POST", url + "/echo", content=b"x" * 300_000) as r:
                        count = 0
                        async for part in r.aiter_bytes():
                            count += len(part)
                count
                """,
                with: ["url": url]
            )
            #expect(try await PythonActor.run { try Int(count) } == 300_000)
        }
    }

    @Test("Cancelling the Swift task ends a request that would never be answered")
    func cancelling() async throws {
        try await LoopbackServer.serving { server in
            let client = try await PythonActor.run {
                try Python.import("httpx2").AsyncClient(
                    base_url: server.url,
                    timeout: nil as Double?,
                    trust_env: false
                ) as PythonObject
            }
            let request = Task { try await Self.get("/never", client) }
            try await server.isAsked()
            request.cancel()
            await #expect(throws: CancellationError.self) { try await request.value }
            // The pool is whole: the next request is answered.
            #expect(try await Self.get("/hello", client) == "¡hola!")
            try await Self.close(client)
        }
    }

    @PythonActor
    private static func get(_ path: String, _ client: PythonObject) async throws -> String {
        let request: PythonObject = try client.get(path)
        return try String(try await request.awaited().text)
    }

    @Test("Failures have httpx2's own classes, with the response where there is one")
    func failures() async throws {
        try await LoopbackServer.serving { server in
            try await PythonActor.run {
                let httpx = try Python.import("httpx2")
                let client: PythonObject = try httpx.Client(trust_env: false)
                do {
                    try client.get(server.url + "/status/404").raise_for_status()
                    Issue.record("404 passed")
                } catch let error as PythonException {
                    #expect(error.typeName == "httpx2.HTTPStatusError")
                    #expect(error.isInstance(of: "httpx2.HTTPError"))
                    let response: PythonObject = try error.object.response
                    #expect(try Int(response.status_code) == 404)
                }
                do {
                    // Nobody listens at the port of nothing.
                    try client.get("http://127.0.0.1:9/")
                    Issue.record("a connection to nobody")
                } catch let error as PythonException {
                    #expect(error.typeName == "httpx2.ConnectError")
                    #expect(error.cause != nil)
                }
                do {
                    try client.get(server.url + "/never", timeout: 0.05)
                    Issue.record("an answer that never comes")
                } catch let error as PythonException {
                    #expect(error.typeName == "httpx2.ReadTimeout")
                    #expect(error.isInstance(of: "httpx2.TimeoutException"))
                }
                try client.close()
            }
        }
    }

    @Test("A Swift closure is a transport: httpx2 asks it instead of a server")
    func transport() async throws {
        try await Python.register(
            PythonModule("swift_transport") {
                PythonFunction("answer") { (method: String, url: String) -> [String: String] in
                    ["answer": "\(method) \(url)"]
                }
            }
        )
        try await PythonActor.run {
            let namespace = try Python.eval("{}")
            try Python.exec(
                """
                import httpx2, swift_transport
                def handle(request):
                    return httpx2.Response(
                        200, json=swift_transport.answer(request.method, str(request.url)))
                client = httpx2.Client(transport=httpx2.MockTransport(handle))
                """,
                globals: namespace
            )
            let client: PythonObject = try namespace["client"]
            let answer: [String: String] = try client.get("https://nowhere.test/a").json()
            #expect(answer == ["answer": "GET https://nowhere.test/a"])
            try client.close()
        }
    }
}
