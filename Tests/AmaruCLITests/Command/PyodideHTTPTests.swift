// Scripts that use pyodide.http under the built command, against real servers.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

import enum Amaru.LinkedPython

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct PyodideHTTPTests {
        /// Runs a script from another folder than its own, with a server's URL as its argument.
        private func run(
            _ source: String,
            _ server: ScriptedServer
        ) async throws -> AmaruProcess.Result {
            let folder = try TemporaryFolder()
            try folder.write(source, to: "app/script.py")
            try await server.start()
            let result = try await AmaruProcess.run(
                ["run", "app/script.py", "--", server.url],
                in: folder
            )
            await server.shutDown()
            return result
        }

        // MARK: The tutorial's first lines

        @Test func `An archive beside the script is fetched, unpacked and imported`() async throws {
            let folder = try TemporaryFolder()
            try folder.write("value = 'from the archive'\n", to: "made/inside.py")
            let pack = "import tarfile; tarfile.open('app/app.tar.gz', 'w:gz').add('made', '.')"
            try folder.write(
                """
                from pyodide.http import pyfetch

                response = await pyfetch("app.tar.gz")
                await response.unpack_archive()

                from inside import value
                print(value)
                """,
                to: "app/script.py"
            )
            let packed = try await AmaruProcess.run(
                ["-c", pack],
                of: try LinkedPython.interpreter(),
                in: folder
            )
            try #require(packed.status == .exited(0), "\(packed.errors)")
            let result = try await AmaruProcess.run(["run", "app/script.py"], in: folder)
            #expect(result.output == "from the archive\n", "\(result.errors)")
            #expect(result.status == .exited(0))
            let unpacked = folder.url.appending(path: "inside.py").path
            #expect(FileManager.default.fileExists(atPath: unpacked))
        }

        // MARK: Requests

        @Test func `Redirects, bodies and blocking calls work on the loop's own thread`()
            async throws
        {
            let server = ScriptedServer { request, _ in
                request.path == "/moved"
                    ? ScriptedResponse.text("", status: 307, headers: [("Location", "/here")])
                    : .text("\(request.method) \(request.path) \(request.bodyText)")
            }
            let result = try await run(
                """
                import sys
                from pyodide.http import open_url, pyfetch, pyxhr
                url = sys.argv[1]
                response = await pyfetch(url + "/moved", method="POST", body="whole")
                print(await response.text(), response.redirected)
                response = await pyfetch(url, method="PUT", body=iter([b"in ", b"pieces"]))
                print(await response.text())
                print(open_url(url + "/moved").read())
                print(pyxhr.patch(url, json=[1]).text)
                """,
                server
            )
            #expect(
                result.output == """
                    POST /here whole True
                    PUT / in pieces
                    GET /here 
                    PATCH / [1]

                    """,
                "\(result.errors)"
            )
        }

        @Test func `Two hundred fetches at once leave nothing behind`() async throws {
            let server = ScriptedServer([.text("answer")])
            let result = try await run(
                """
                import asyncio, sys
                import _amaru_http
                from pyodide.http import pyfetch
                async def one(number):
                    return await (await pyfetch(f"{sys.argv[1]}/{number}")).text()
                print(set(await asyncio.gather(*map(one, range(200)))))
                for _ in range(2000):
                    if _amaru_http.in_flight() == 0:
                        break
                    await asyncio.sleep(0.005)
                print(_amaru_http.in_flight())
                """,
                server
            )
            #expect(result.output == "{'answer'}\n0\n", "\(result.errors)")
            #expect(Set(server.requests.map(\.path)).count == 200)
        }

        // MARK: Giving up

        /// A way to leave a response that never ends.
        struct Leaving: CustomTestStringConvertible {
            let testDescription: String
            let source: String
        }

        static let leavings = [
            Leaving(
                testDescription: "leaving the loop over its events",
                source: """
                    async for event in (await pyfetch(url)).events():
                        print(event.data)
                        break
                    """
            ),
            Leaving(
                testDescription: "dropping the response",
                source: """
                    response = await pyfetch(url)
                    del response
                    print("first")
                    """
            ),
            Leaving(
                testDescription: "aborting it",
                source: """
                    response = await pyfetch(url)
                    stream = aiter(response.lines())
                    line = await anext(stream)
                    response.abort("enough")
                    try:
                        await anext(stream), await anext(stream)
                    except AbortError as exc:
                        print("first" if str(exc) == "enough" else exc)
                    """
            ),
            Leaving(
                testDescription: "a signal",
                source: """
                    controller = AbortController()
                    response = await pyfetch(url, signal=controller.signal)
                    text = asyncio.ensure_future(response.text())
                    asyncio.get_running_loop().call_soon(controller.abort)
                    try:
                        await text
                    except AbortError:
                        print("first")
                    """
            ),
            Leaving(
                testDescription: "cancelling the task, twice",
                source: """
                    text = asyncio.ensure_future((await pyfetch(url)).text())
                    await asyncio.sleep(0)
                    text.cancel()
                    await asyncio.sleep(0)
                    text.cancel()
                    try:
                        await text
                    except asyncio.CancelledError:
                        print("first")
                    """
            ),
        ]

        @Test(arguments: leavings)
        func `A response that is given up closes its connection at once`(
            _ leaving: Leaving
        ) async throws {
            let gate = Gate()
            defer { gate.open() }
            let server = ScriptedServer([.chunks(["data: first\n\n"], then: gate)])
            try await server.start()
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import asyncio, sys
                from pyodide.http import AbortController, AbortError, pyfetch
                url = sys.argv[1]
                \(leaving.source)
                sys.stdout.flush()
                # The program goes on, so that it is not its end that closes the connection.
                await asyncio.to_thread(sys.stdin.readline)
                """,
                to: "script.py"
            )
            let program = try AmaruProcess(
                ["run", "script.py", "--", server.url],
                input: .open,
                in: folder
            )
            try await program.waitForOutput("first")
            try await server.closedConnections(reach: 1)
            program.closeInput()
            let result = try await program.result()
            #expect(result.output == "first\n")
            #expect(result.errors == "")
            #expect(result.status == .exited(0))
            gate.open()
            await server.shutDown()
        }

        // MARK: Failures

        @Test func `A key goes to its own origin, and no redirect takes it to another`()
            async throws
        {
            let other = ScriptedServer([.text("open to all")])
            try await other.start()
            let there = other.url
            let server = ScriptedServer { _, _ in
                .text("", status: 302, headers: [("Location", there)])
            }
            try await server.start()
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import sys
                from amaru import host
                from pyodide.http import AbortError, pyfetch
                key = host.settings().api_key
                for name, value in (("Authorization", f"Bearer {key}"), ("x-api-key", key)):
                    try:
                        print(await (await pyfetch(sys.argv[1], headers={name: value})).text())
                    except AbortError as exc:
                        text = str(exc)
                        print(exc.code, sys.argv[1] in text, sys.argv[2] in text, key in text)
                """,
                to: "script.py"
            )
            let result = try await AmaruProcess.run(
                [
                    "run", "--base-url", server.url + "/v1", "--key-env", "KEY", "script.py", "--",
                    server.url, there,
                ],
                in: folder,
                environment: ["KEY": "sk-belongs-here"]
            )
            await server.shutDown()
            await other.shutDown()
            // The header Authorization is left behind, the others are refused by the host.
            #expect(
                result.output == "open to all\nsecret_refused True True False\n",
                "\(result.errors)"
            )
            #expect(
                server.requests.map { $0.header("authorization") ?? "" }.first
                    == "Bearer sk-belongs-here"
            )
            #expect(server.requests.last?.header("x-api-key") == "sk-belongs-here")
            #expect(other.requests.count == 1)
            #expect(other.requests.first?.header("authorization") == nil)
        }

        @Test func `An origin that is not allowed is named, with the option that allows it`()
            async throws
        {
            let server = ScriptedServer([.text("no")])
            try await server.start()
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import sys
                from pyodide.http import AbortError, open_url, pyfetch
                for waits in (False, True):
                    try:
                        open_url(sys.argv[1]) if waits else await pyfetch(sys.argv[1])
                    except AbortError as exc:
                        print(exc.code, sys.argv[1] in str(exc), "--allow-net" in str(exc))
                """,
                to: "script.py"
            )
            let result = try await AmaruProcess.run(
                ["run", "--allow-net", "https://example.com", "script.py", "--", server.url],
                in: folder
            )
            await server.shutDown()
            let refusal = "not_allowed True True\n"
            #expect(result.output == refusal + refusal, "\(result.errors)")
            #expect(server.requests.isEmpty)
        }

        @Test func `A failure says where it happened, and is an OSError`() async throws {
            let port = try await ScriptedServer.refusingPort()
            let result = try await run(
                """
                from pyodide.http import pyfetch, pyxhr
                try:
                    await pyfetch("http://127.0.0.1:\(port)/")
                except OSError as exc:
                    print(type(exc).__name__, exc.code, "127.0.0.1:\(port)" in str(exc))
                try:
                    pyxhr.get("http://127.0.0.1:\(port)/")
                except OSError as exc:
                    print(type(exc).__name__, exc.code, "127.0.0.1:\(port)" in str(exc))
                import sys
                response = await pyfetch(sys.argv[1])
                try:
                    await response.bytes()
                except OSError as exc:
                    print(type(exc).__name__, exc.code)
                """,
                ScriptedServer([.truncated("abc", announced: 10)])
            )
            #expect(
                result.output == """
                    AbortError connect True
                    XHRNetworkError connect True
                    AbortError remote_protocol

                    """,
                "\(result.errors)"
            )
        }
    }
}
