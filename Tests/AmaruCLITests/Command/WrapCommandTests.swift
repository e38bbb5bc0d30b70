// `amaru wrap`.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite struct WrapCommandTests {
        private let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
            try folder.write(
                "print('imported')\ndef mean(values: list[float]) -> float: ...\n",
                to: "stats.py"
            )
        }

        private func wrap(_ arguments: String...) async throws -> AmaruProcess.Result {
            try await AmaruProcess.run(["wrap"] + arguments, in: folder)
        }

        private func read(_ name: String) throws -> String {
            try String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)
        }

        @Test func `The file is Swift with the types of the hints`() async throws {
            let result = try await wrap("stats")
            #expect(result.status == .exited(0))
            #expect(result.output.hasPrefix("// Written by `amaru wrap stats`: "))
            #expect(result.output.contains("func mean(_ values: [Double]) throws -> Double {\n"))
            // What the module prints is no part of it.
            #expect(result.errors == "imported\n")
        }

        @Test func `A file is written, and written again, but no other is replaced`() async throws {
            let first = try await wrap("stats.py", "--output", "S.swift", "--access", "public")
            #expect(first.status == .exited(0), "\(first.errors)")
            #expect(first.output == "")
            let text = try read("S.swift")
            #expect(text.contains("public struct Stats: Sendable {\n"))
            let again = try await wrap("./stats.py", "-o", "S.swift", "--name", "Numbers")
            #expect(again.status == .exited(0), "\(again.errors)")
            #expect(try read("S.swift").contains("\nstruct Numbers: Sendable {\n"))

            try folder.write("let mine = 1\n", to: "Mine.swift")
            let refused = try await wrap("stats", "--output", "Mine.swift")
            #expect(refused.status == .exited(1))
            #expect(
                refused.errors == """
                    amaru: Mine.swift was not written by amaru wrap: name another file, or add \
                    --force to replace it

                    """
            )
            #expect(try read("Mine.swift") == "let mine = 1\n")
            _ = try await wrap("stats", "--output", "Mine.swift", "--force")
            #expect(try read("Mine.swift").hasPrefix("// Written by"))
        }

        @Test(
            arguments: [
                ("nothing", "nothing cannot be imported: ModuleNotFoundError: No module named"),
                ("nothing.py", "nothing.py: there is no such file"),
                ("broken.py", "broken.py cannot be imported: ZeroDivisionError: "),
                ("empty.py", "empty has nothing public: "),
            ]
        )
        func `What cannot be wrapped is one line`(_ module: String, _ reason: String) async throws {
            try folder.write("1 / 0", to: "broken.py")
            try folder.write("", to: "empty.py")
            let result = try await wrap(module, "--output", "Out.swift")
            #expect(result.errors.hasPrefix("amaru: \(reason)"), "\(result)")
            #expect(result.errors.split(separator: "\n").count == 1)
            #expect(result.status == .exited(1))
            #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/Out.swift"))
        }

        @Test func `An output file that cannot be written is one line`() async throws {
            let result = try await wrap("stats", "--output", "no/such/Out.swift")
            let reason = "check that its folder is there and writable"
            #expect(result.errors.hasSuffix("no/such/Out.swift cannot be written: \(reason)\n"))
            #expect(result.status == .exited(1))
        }

        @Test func `A module of a package is wrapped with the package`() async throws {
            try folder.write(MicropipTests.wheels, to: "wheels.py")
            try folder.write(
                "import wheels; wheels.make('amaru_one', '1', sub='def f(a: int) -> str: ...')",
                to: "make.py"
            )
            _ = try await AmaruProcess.run(["run", "make.py"], in: folder)
            let result = try await AmaruProcess.run(
                ["wrap", "amaru_one.sub", "--with", "./amaru_one-1-py3-none-any.whl"],
                in: folder,
                environment: [
                    "XDG_CACHE_HOME": folder.path + "/cache", "PIP_NO_INDEX": "1",
                    "PIP_CONFIG_FILE": "/dev/null",
                ]
            )
            #expect(result.output.contains("func f(_ a: Int) throws -> String {"), "\(result)")
            #expect(result.output.contains(#"Python.import("amaru_one.sub")"#))
        }
    }
}
