// Scripts for a web page under the built command.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct PageScriptTests {
        private func run(
            _ source: String,
            files: [String: String] = [:],
            _ options: [String] = [],
            input: String = ""
        ) async throws -> AmaruProcess.Result {
            let folder = try TemporaryFolder()
            try folder.write(source, to: "script.py")
            for (path, text) in files { try folder.write(text, to: path) }
            return try await AmaruProcess.run(
                ["run"] + options + ["script.py"],
                input: input,
                in: folder
            )
        }

        @Test func `What needs no page works, and the rest says what to use`() async throws {
            let result = try await run(
                """
                import js
                from js import console, fetch, setTimeout, JSON, Promise
                console.log("a", 1)
                console.error("told")
                data = await (await fetch("data.json")).json()
                print(data.items[0].name)
                print(await Promise.new(lambda resolve: setTimeout(resolve, 1, "late")))
                print(await fetch("data.json").then(lambda response: response.text()).then(len))
                try:
                    from js import document
                except ImportError as exc:
                    print(exc)
                print(hasattr(js, "window"))
                """,
                files: ["data.json": #"{"items": [{"name": "first"}]}"#]
            )
            #expect(
                result.output == """
                    a 1
                    first
                    late
                    30
                    js.document is not available in Amaru: there is no page here; print(), or let \
                    the Swift program register one
                    False

                    """,
                "\(result.errors)"
            )
            #expect(result.errors == "told\n")
            #expect(result.status == .exited(0))
        }

        /// Both orders: asyncio may be imported before, and its loop be there.
        @Test(arguments: ["", "import asyncio\n"])
        func `The host's futures and tasks are promises for a script that imports pyodide`(
            first: String
        ) async throws {
            let result = try await run(
                first + """
                    from pyodide.ffi import JsPromise
                    import asyncio, js_module

                    async def add(value):
                        await asyncio.sleep(0)
                        return value + 1

                    shown = js_module.displayResponse("")
                    print(isinstance(shown, JsPromise))
                    print(await asyncio.create_task(add(1)).then(add).then(lambda value: value * 10))
                    from pyodide.webloop import WebLoop
                    print(isinstance(asyncio.get_running_loop(), WebLoop))
                    """
            )
            #expect(result.output == "True\n30\nTrue\n", "\(result.errors)")
            #expect(result.status == .exited(0))
        }

        @Test func `Other scripts have asyncio's own`() async throws {
            let result = try await run(
                """
                import asyncio, sys
                await asyncio.sleep(0)
                future = asyncio.get_running_loop().create_future()
                task = asyncio.create_task(asyncio.sleep(0))
                print(type(future) is asyncio.Future, type(task) is asyncio.Task)
                print([name for name in ("js", "pyodide", "pyodide_js") if name in sys.modules])
                """
            )
            #expect(result.output == "True True\n[]\n", "\(result.errors)")
        }

        @Test func `A library finds a page only if the script has asked for one`() async throws {
            let result = try await run(
                """
                import os, sys
                sys.path.append(os.path.abspath("lib/site-packages"))
                from asking import in_page
                print(in_page(), in_page())
                import pyodide.ffi
                print(in_page(), sys.platform == "emscripten")
                """,
                files: [
                    "lib/site-packages/asking.py": """
                    import sys

                    def in_page():
                        try:
                            import js
                        except ImportError:
                            return "pyodide" in sys.modules
                        return True

                    """
                ]
            )
            #expect(result.output == "False False\nTrue False\n", "\(result.errors)")
        }

        @Test func `pyodide_js runs sources and installs nothing that is there`() async throws {
            let result = try await run(
                """
                import pyodide_js
                await pyodide_js.loadPackage(["micropip", "ssl"])
                await pyodide_js.loadPackagesFromImports("import sqlite3, json")
                print(pyodide_js.runPython("x = 5; x + 1"), x)
                print(await pyodide_js.runPythonAsync("import asyncio; await asyncio.sleep(0, 7)"))
                print(pyodide_js.globals is globals(), pyodide_js.pyimport("os.path.join").__name__)
                """
            )
            #expect(result.output == "6 5\n7\nTrue join\n", "\(result.errors)")
            #expect(result.status == .exited(0))
        }

        @Test func `The example for a page and a terminal answers each line`() async throws {
            let example = URL(filePath: #filePath)
                .appending(path: "../../../../Python/examples/everywhere").standardized
            let result = try await AmaruProcess.run(
                ["run", "--no-key", example.path],
                input: "Tell me about mars\nEarth and Venus\n",
                in: try TemporaryFolder()
            )
            #expect(
                result.output == "Mars has 2 moons.\nVenus has no moons. Earth has one moon.\n",
                "\(result.errors)"
            )
            #expect(result.status == .exited(0))
        }
    }
}
