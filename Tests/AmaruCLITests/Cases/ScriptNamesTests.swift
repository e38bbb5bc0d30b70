// Scripts that have the name of a module that a library imports.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Testing

import enum Amaru.LinkedPython

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct ScriptNamesTests {
        /// Runs the same under both, as a file of this name.
        private func expectEqual(_ name: String, _ source: String) async throws {
            let folder = try TemporaryFolder()
            try folder.write(source, to: "\(name).py")
            let python = try await AmaruProcess.run(
                ["\(name).py"],
                of: try LinkedPython.interpreter(),
                in: folder
            )
            let amaru = try await AmaruProcess.run(["run", "\(name).py"], in: folder)
            #expect(amaru.status == python.status)
            #expect(amaru.output == python.output)
            // What CPython 3.13 adds where it was started with a script itself.
            let hint = #/ \(consider renaming .*\)/#
            #expect(amaru.errors == python.errors.replacing(hint, with: ""))
        }

        @Test(arguments: [
            ("json", "import urllib.request, http.client; print('ran')"),
            ("queue", "import sched; print('ran')"),
            ("random", "import statistics; print('ran')"),
            ("selectors", "import string; print('ran')"),
            ("socks", "import smtplib; print('ran')"),
            ("code", "import pdb; print('ran')"),
            ("copy", "import dataclasses; print('ran')"),
            ("amaru", "print('ran', __name__)"),
            ("main", "print('ran', __name__)"),
            ("a-b", "print('ran', __name__)"),
            ("test", "import test; print('ran', __name__)"),
        ])
        func `A script named as a module runs as under python`(
            _ name: String,
            _ source: String
        ) async throws {
            try await expectEqual(name, source)
        }

        @Test(.needsPackages)
        func `A script named as an optional module of a library is not taken for it`()
            async throws
        {
            let folder = try TemporaryFolder()
            try folder.write("import requests, sys\nprint('ran', __name__)\n", to: "socks.py")
            let result = try await AmaruProcess.run(
                ["run", "--with", "requests", "--with", "urllib3", "socks.py"],
                in: folder
            )
            // The library imports the script a second time, under its own name, as with python.
            #expect(result.output.hasSuffix("ran __main__\n"), "\(result)")
            #expect(result.status == .exited(0))
        }

        @Test func `A chat script is importable by its name once it has run, as the same module`()
            async throws
        {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import amaru, sys
                @amaru.reply
                def answer(text):
                    import chat
                    return f"{chat is sys.modules['__main__']} {text}"
                """,
                to: "chat.py"
            )
            let result = try await AmaruProcess.run(["run", "chat.py"], input: "hi\n", in: folder)
            #expect(result == .init(status: .exited(0), output: "True hi\n", errors: ""))
        }
    }
}
