// `amaru check`.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

import enum Amaru.LinkedPython

extension BuiltCommand {
    @Suite struct CheckCommandTests {
        private func check(_ source: String) async throws -> AmaruProcess.Result {
            let folder = try TemporaryFolder()
            try folder.write(source, to: "script.py")
            return try await AmaruProcess.run(["check", "script.py"], in: folder)
        }

        @Test func `Each name has a line with its verdict, and the script does not run`()
            async throws
        {
            let result = try await check(
                """
                from js import document
                from pyodide.http import pyfetch, open_url
                raise SystemExit(9)
                """
            )
            let lines = result.output.split(separator: "\n").map { $0.split(separator: "\t") }
            #expect(
                lines.map { $0.prefix(3).joined(separator: " ") } == [
                    "script.py:1 js.document refused", "script.py:2 pyodide.http.open_url works",
                    "script.py:2 pyodide.http.pyfetch works differently",
                ],
                "\(result.errors)"
            )
            #expect(result.status == .exited(1))
        }

        @Test func `A script that needs no page has nothing to report`() async throws {
            let result = try await check("import os\nawait os.nothing()")
            #expect(result.output == "")
            #expect(result.errors == "")
            #expect(result.status == .exited(0))
        }

        @Test func `What cannot be read is one line`() async throws {
            let result = try await check("this is no Python")
            #expect(result.errors.hasPrefix("amaru: script.py: this is not Python: "))
            #expect(result.status == .exited(1))
            let missing = try await AmaruProcess.run(["check", "/no/such/file.py"])
            #expect(missing.errors.contains("/no/such/file.py cannot be read: "))
            #expect(missing.status == .exited(1))
        }

        @Test func `An archive, a URL and standard input are read like a file`() async throws {
            let folder = try TemporaryFolder()
            try folder.write("from js import document", to: "app/main.py")
            let made = try await AmaruProcess.run(
                ["-m", "zipfile", "-c", "app.zip", "app/"],
                of: try LinkedPython.interpreter(),
                in: folder
            )
            try #require(made.status == .exited(0), "\(made.errors)")
            let archive = try await AmaruProcess.run(["check", "app.zip"], in: folder)
            #expect(archive.output.hasPrefix("app.zip/main.py:1\tjs.document\trefused"))

            let server = ScriptedServer([
                .text("import js\njs.setTimeout"), .text("<html>"), .text("no", status: 404),
            ])
            try await server.start()
            let url = "\(server.url)/chat.py"
            let fetched = try await AmaruProcess.run(["check", url], in: folder)
            #expect(fetched.output.hasPrefix("\(url):2\tjs.setTimeout\tworks"), "\(fetched.errors)")
            #expect(fetched.status == .exited(0))
            for words in ["page of HTML", "answered 404"] {
                let result = try await AmaruProcess.run(["check", url], in: folder)
                #expect(result.errors.contains(words), "\(result.errors)")
                #expect(result.status == .exited(1))
            }
            await server.shutDown()

            let given = try await AmaruProcess.run(["check", "-"], input: "import js\njs.alert")
            #expect(given.output.hasPrefix("-:2\tjs.alert\trefused"), "\(given.errors)")
        }

        @Test(.needsTutorial) func `The tutorial's script works`() async throws {
            let result = try await AmaruProcess.run(["check", Tutorial.main.path])
            #expect(result.status == .exited(0), "\(result.output)")
            #expect(result.output.contains("pyodide.ffi.create_proxy"))
        }
    }
}
