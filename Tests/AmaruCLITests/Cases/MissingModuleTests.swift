// Modules that are not there: packages to install, and those of the browser.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct MissingModuleTests {
        private func run(_ source: String) async throws -> AmaruProcess.Result {
            let folder = try TemporaryFolder()
            try folder.write(source, to: "script.py")
            return try await AmaruProcess.run(
                ["run", "--base-url", "http://127.0.0.1:1/v1", "script.py"],
                input: "hello\n",
                in: folder
            )
        }

        @Test(arguments: [
            ("nowhere_to_be_found", "nowhere_to_be_found"), ("yaml", "pyyaml"),
            ("cv2", "opencv-python"),
            ("PIL.Image", "pillow"), ("nowhere.at.all", "nowhere"),
        ])
        func `A package that a reply misses is named with the option that adds it`(
            _ module: String,
            _ package: String
        ) async throws {
            let result = try await run(
                """
                import amaru, sys
                @amaru.reply
                def answer(text):
                    # Not what this machine happens to have.
                    sys.path[:] = [path for path in sys.path if "packages" not in path]
                    import \(module)
                """
            )
            let name = module.prefix { $0 != "." }
            #expect(result.errors.contains("No module named '\(name)'"), "\(result)")
            #expect(result.errors.contains("--with \(package)"), "\(result)")
            #expect(result.errors.split(separator: "\n").count == 1)
            #expect(result.output == "")
            #expect(result.status == .exited(1))
        }

        @Test(arguments: [
            "def sender_message_proxy(key, text):\n    import nowhere_to_be_found\n",
            "async def sender_message_proxy(key, text):\n    import nowhere_to_be_found\n",
            """
            import asyncio
            def sender_message_proxy(key, text):
                asyncio.ensure_future(later())
            async def later():
                import nowhere_to_be_found
            """,
            """
            async def main():
                import nowhere_to_be_found
            def sender_message_proxy(key, text): pass
            """,
        ])
        func `A package that a sender misses is named with the option that adds it`(
            _ source: String
        ) async throws {
            let result = try await run(source)
            #expect(result.errors.contains("No module named 'nowhere_to_be_found'"), "\(result)")
            #expect(result.errors.contains("--with nowhere_to_be_found"), "\(result)")
            #expect(result.status == .exited(1))
        }

        @Test(arguments: [
            ("import nowhere_to_be_found", "nowhere_to_be_found", "--with nowhere_to_be_found"),
            ("from nowhere.at.all import x", "nowhere", "--with nowhere"),
            ("from pyodide.nothing import x", "pyodide.nothing", "with Pyodide: pyodide.nothing"),
            ("import pyodide.nothing", "pyodide.nothing", "with Pyodide: pyodide.nothing"),
            ("import pyodide_js.nothing", "pyodide_js.nothing", "with Pyodide: pyodide_js.nothing"),
            ("import pyscript", "pyscript", "pyscript"),
        ])
        func `An import of what is not here fails as under python, and advice follows`(
            _ statement: String,
            _ module: String,
            _ words: String
        ) async throws {
            let folder = try TemporaryFolder()
            try folder.write("print('before')\n\(statement)\n", to: "script.py")
            let result = try await AmaruProcess.run(["run", "script.py"], in: folder)
            #expect(result.output == "before\n")
            #expect(result.status == .exited(1))
            let lines = result.errors.split(separator: "\n")
            try #require(lines.count > 2, "\(result)")
            #expect(lines[0] == "Traceback (most recent call last):")
            let error = lines[lines.count - 2]
            #expect(error.hasPrefix("ModuleNotFoundError: No module named '\(module)'"))
            let advice = try #require(lines.last)
            #expect(advice.hasPrefix("amaru: ") && advice.contains(words), "\(result)")
        }

        @Test func `An import that the script catches itself is no matter`() async throws {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                try:
                    import pyscript
                except ImportError as error:
                    print(type(error).__name__, error.name)
                """,
                to: "script.py"
            )
            let result = try await AmaruProcess.run(["run", "script.py"], in: folder)
            let expected = "ModuleNotFoundError pyscript\n"
            #expect(result == .init(status: .exited(0), output: expected, errors: ""))
        }

        @Test func `A module of the script's own goes before the advice`() async throws {
            let folder = try TemporaryFolder()
            try folder.write("value = 'mine'\n", to: "js.py")
            try folder.write("import js; print(js.value)\n", to: "script.py")
            let result = try await AmaruProcess.run(["run", "script.py"], in: folder)
            #expect(result == .init(status: .exited(0), output: "mine\n", errors: ""))
        }
    }
}
