// Packages that a script, or the folder that it is in, names.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct ScriptNeedsTests {
        private let folder: TemporaryFolder

        init() throws { folder = try TemporaryFolder() }

        /// Runs the command where installers find one wheel, `amaru-one`.
        private func run(_ arguments: String...) async throws -> AmaruProcess.Result {
            try folder.write(
                """
                import zipfile
                info = "amaru_one-1.0.dist-info"
                files = {
                    "amaru_one.py": "version = '1.0'",
                    f"{info}/METADATA": "Metadata-Version: 2.1\\nName: amaru_one\\nVersion: 1.0\\n",
                    f"{info}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
                }
                files[f"{info}/RECORD"] = "".join(f"{p},,\\n" for p in [*files, f"{info}/RECORD"])
                with zipfile.ZipFile("amaru_one-1.0-py3-none-any.whl", "w") as wheel:
                    for key, text in files.items():
                        wheel.writestr(key, text)
                """,
                to: "shop.py"
            )
            let made = try await AmaruProcess.run(["run", "shop.py"], in: folder)
            try #require(made.status == .exited(0), "\(made.errors)")
            return try await AmaruProcess.run(
                ["run"] + arguments,
                in: folder,
                environment: [
                    "XDG_CACHE_HOME": folder.path + "/cache", "PIP_NO_INDEX": "1",
                    "PIP_FIND_LINKS": folder.path, "PIP_CONFIG_FILE": "/dev/null",
                ]
            )
        }

        private static let use = "import amaru_one; print(amaru_one.version)"

        @Test func `The block of a script counts`() async throws {
            try folder.write(
                """
                # /// script
                # requires-python = ">=3.11"
                # dependencies = ["amaru-one>=1"]
                # ///
                \(Self.use)
                """,
                to: "script.py"
            )
            for isFirst in [true, false] {
                let result = try await run("script.py")
                #expect(result.output == "1.0\n", "\(result.errors)")
                #expect(result.errors.contains("Successfully installed") == isFirst)
            }
        }

        @Test(
            "In a folder that is run, its project or its requirements count",
            arguments: [
                ("requirements.txt", "amaru-one"),
                ("pyproject.toml", "[project]\nname = 'x'\ndependencies = ['amaru-one']\n"),
            ]
        )
        func folderNeeds(file: String, text: String) async throws {
            try folder.write(Self.use, to: "app/main.py")
            try folder.write(text, to: "app/\(file)")
            let result = try await run("app")
            #expect(result.output == "1.0\n", "\(result.errors)")
            let alone = try await run("app/main.py")
            #expect(alone.errors.contains("No module named 'amaru_one'"))
        }

        @Test func `A file of requirements can be named`() async throws {
            try folder.write(Self.use, to: "script.py")
            try folder.write("amaru-one==1.0\n", to: "needs.txt")
            let result = try await run("--with-requirements", "needs.txt", "script.py")
            #expect(result.output == "1.0\n", "\(result.errors)")
            let missing = try await run("--with-requirements", "missing.txt", "script.py")
            #expect(missing.errors.hasPrefix("amaru: missing.txt: there is no such file"))
            #expect(missing.status == .exited(1))
        }

        @Test func `Another Python than this one is refused with what to do`() async throws {
            try folder.write(
                "# /// script\n# requires-python = \">=3.99\"\n# ///\nprint('ran')\n",
                to: "script.py"
            )
            let result = try await run("script.py")
            #expect(result.output == "")
            #expect(result.errors.hasPrefix("amaru: script.py needs Python >=3.99. This program"))
            #expect(result.status == .exited(2))
        }

        @Test func `A block that cannot be read is refused with its fault`() async throws {
            try folder.write("# /// script\n# dependencies = [\n# ///\n", to: "script.py")
            let result = try await run("script.py")
            #expect(result.errors.hasPrefix("amaru: script.py: what it needs cannot be read: "))
            #expect(result.status == .exited(1))
        }
    }
}
