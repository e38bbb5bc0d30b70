// SPDX-License-Identifier: Apache-2.0

import Amaru

/// A small HTTP server in a thread of Python, for clients in the same process.
struct LoopbackServer: Sendable {
    let url: String
    private let server: PythonObject

    private static let source = """
        import http.server, json, threading

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, body, kind="text/plain; charset=utf-8"):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                if self.path == "/hello":
                    self.answer(200, "¡hola!".encode())
                elif self.path.startswith("/status/"):
                    self.answer(int(self.path.rsplit("/")[-1]), b"no")
                elif self.path == "/headers":
                    headers = {name.lower(): value for name, value in self.headers.items()}
                    self.answer(200, json.dumps(headers).encode(), "application/json")
                elif self.path == "/never":
                    self.server.asked.set()
                    self.server.stopped.wait()
                    self.close_connection = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(200, body, "application/octet-stream")

            def log_message(self, *arguments): pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def __init__(self):
                super().__init__(("127.0.0.1", 0), Handler)
                self.asked, self.stopped = threading.Event(), threading.Event()
                self.thread = threading.Thread(target=self.serve_forever, daemon=True)
                self.thread.start()

            def stop(self):
                self.stopped.set()
                self.shutdown()
                self.server_close()
                self.thread.join()

        server = Server()
        """

    /// Runs `body` with a server, which has ended when this returns.
    static func serving(
        _ body: @Sendable (LoopbackServer) async throws -> Void
    ) async throws {
        let server = try await PythonActor.run {
            let namespace = try PythonObject(["__name__": "loopback"])
            try Python.exec(source, globals: namespace)
            let server: PythonObject = try namespace["server"]
            let port: Int = try server.server_port
            return LoopbackServer(url: "http://127.0.0.1:\(port)", server: server)
        }
        do {
            try await body(server)
        } catch {
            try? await server.stop()
            throw error
        }
        try await server.stop()
    }

    /// Waits until `/never` is asked for, with the loop going on.
    func isAsked() async throws {
        try await runAlone(
            """
            import asyncio
            await asyncio.to_thread(server.asked.wait)
            """,
            with: ["server": server]
        )
    }

    private func stop() async throws {
        _ = try await PythonActor.run { try server.stop() as PythonObject }
    }
}

/// Runs a source with the given names.
@discardableResult
func runAlone(_ source: String, with names: [String: PythonObject]) async throws -> PythonObject {
    let namespace = try await PythonActor.run { try PythonObject(names) }
    return try await Python.run(source, globals: namespace)
}
