// Redirects and routes under --allow-net, on the built command.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct AllowNetTests {
        let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
        }

        /// Fetches its first argument and prints the text, or the code and message of the error.
        private func run(_ options: [String], _ url: String) async throws -> AmaruProcess.Result {
            try folder.write(
                """
                import sys
                from pyodide.http import AbortError, pyfetch
                try:
                    print(await (await pyfetch(sys.argv[1])).text())
                except AbortError as exc:
                    print(exc.code, exc)
                """,
                to: "script.py"
            )
            return try await AmaruProcess.run(
                ["run"] + options + ["script.py", url],
                in: folder
            )
        }

        @Test func `A redirect is judged again, and nothing reaches where it leads`() async throws {
            let other = ScriptedServer([.text("arrived")])
            try await other.start()
            let there = other.url
            let server = ScriptedServer { _, _ in
                .text("", status: 302, headers: [("Location", there + "/end")])
            }
            try await server.start()
            let refused = try await run(["--allow-net", server.url], server.url)
            #expect(server.requests.count == 1)
            #expect(other.connectionCount == 0)
            let both = ["--allow-net", server.url, "--allow-net", there]
            let allowed = try await run(both, server.url)
            await server.shutDown()
            await other.shutDown()
            #expect(
                refused.output == """
                    not_allowed requests to \(there) are not allowed; nothing was sent. \
                    To allow them, use the option --allow-net \(there).

                    """,
                "\(refused)"
            )
            #expect(allowed.output == "arrived\n", "\(allowed)")
        }

        @Test func `Where a named origin is routed to is allowed with it, and only by its name`()
            async throws
        {
            let server = ScriptedServer([.text("arrived")])
            try await server.start()
            let name = "http://api.example.com"
            let route = ["--route", "\(name)=\(server.url)"]
            let named = try await run(route + ["--allow-net", name], name + "/v1")
            let other = try await run(route + ["--allow-net", "example.com"], name + "/v1")
            await server.shutDown()
            #expect(named.output == "arrived\n", "\(named)")
            #expect(other.output.contains("--allow-net \(name)."), "\(other)")
            #expect(server.requests.count == 1)
        }

        @Test func `A socket of Python's own reaches named places of this machine alone`()
            async throws
        {
            let server = ScriptedServer([.text("arrived")])
            try await server.start()
            try folder.write(
                """
                import http.client, socket, sys
                from urllib.parse import urlsplit
                place = urlsplit(sys.argv[1])
                for step in (
                    lambda: socket.create_connection((place.hostname, place.port)).close(),
                    lambda: http.client.HTTPConnection(place.netloc).connect(),
                    lambda: socket.getaddrinfo("name.invalid", 80),
                ):
                    try:
                        print(step())
                    except PermissionError as exc:
                        print("refused", "the option --allow-net" in str(exc))
                """,
                to: "sockets.py"
            )
            for (allowed, lines) in [
                ("example.com", ["refused True", "refused True", "refused True"]),
                (server.url, ["None", "None", "refused True"]),
            ] {
                let result = try await AmaruProcess.run(
                    ["run", "--allow-net", allowed, "sockets.py", server.url],
                    in: folder
                )
                #expect(result.output.split(separator: "\n").map(String.init) == lines, "\(result)")
            }
            #expect(server.requests.isEmpty)
            await server.shutDown()
        }

        @Test func `Programs and Unix sockets need options of their own`() async throws {
            try folder.write(
                """
                import asyncio, os, socket, subprocess, sys
                server = socket.socket(socket.AF_UNIX)
                server.bind("local")
                server.listen()

                def connect():
                    with socket.socket(socket.AF_UNIX) as client: client.connect("local")

                for step in (
                    lambda: subprocess.run(["true"], check=True),
                    lambda: os.system("exit 0"),
                    lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0),
                    connect,
                ):
                    try:
                        step()
                        print("done")
                    except PermissionError as exc:
                        print("refused", *(w for w in str(exc).split() if w[:2] == "--"))
                # What needs neither: the sockets of asyncio itself, and a copy of the process.
                print(asyncio.run(asyncio.sleep(0, "slept")))
                if (child := os.fork()) == 0: os._exit(3)
                print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
                """,
                to: "programs.py"
            )
            let (refused, done) = ("refused --allow-net --allow-run.", "done")
            let cases: [([String], [String])] = [
                ([], [done, done, done, done]),
                (
                    ["--allow-net", "a.example"],
                    [refused, refused, refused, "refused --allow-net"]
                ),
                (
                    ["--allow-net", "a.example,unix:\(folder.path)/local"],
                    [refused, refused, refused, done]
                ),
                (
                    ["--allow-net", "a.example", "--allow-run"],
                    [done, done, done, "refused --allow-net"]
                ),
            ]
            for (options, lines) in cases {
                let result = try await AmaruProcess.run(
                    ["run"] + options + ["programs.py"],
                    in: folder
                )
                #expect(
                    result.output.split(separator: "\n").map(String.init) == lines + [
                        "slept", "3",
                    ],
                    "\(result)"
                )
                try FileManager.default.removeItem(atPath: folder.path + "/local")
            }
            let alone = try await AmaruProcess.run(
                ["run", "--allow-run", "programs.py"],
                in: folder
            )
            #expect(alone.status == .exited(2))
            #expect(alone.errors.hasPrefix("amaru: --allow-run is for use with --allow-net"))
        }
    }
}
