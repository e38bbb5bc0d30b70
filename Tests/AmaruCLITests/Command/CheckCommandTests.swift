// `amaru check`.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

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

        @Test(.needsTutorial) func `The tutorial's script works`() async throws {
            let result = try await AmaruProcess.run(["check", Tutorial.main.path])
            #expect(result.status == .exited(0), "\(result.output)")
            #expect(result.output.contains("pyodide.ffi.create_proxy"))
        }
    }
}
