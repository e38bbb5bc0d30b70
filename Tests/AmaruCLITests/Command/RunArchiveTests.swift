// Archives and URLs under `amaru run`.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

import enum Amaru.LinkedPython

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(10))) struct RunArchiveTests {
        private let folder: TemporaryFolder
        private let cache: TemporaryFolder

        init() throws {
            (folder, cache) = (try TemporaryFolder(), try TemporaryFolder())
        }

        private func run(
            _ arguments: [String],
            input: String = "",
            environment: [String: String?] = [:]
        ) async throws -> AmaruProcess.Result {
            try await AmaruProcess.run(
                ["run"] + arguments,
                input: input,
                in: folder,
                environment: environment.merging(["XDG_CACHE_HOME": cache.path]) { $1 }
            )
        }

        private static let look = """
            import os, sys
            from data import value
            folder = os.path.dirname(os.path.abspath(__file__))
            print(value, __name__, sys.argv, sys.path[0] == folder, os.path.basename(__file__))
            print(open(os.path.join(folder, "text.txt")).read())
            """

        /// Makes an archive of a script that looks around.
        private func pack(_ name: String, main: String = "main.py", under: String = "") async throws
        {
            try folder.write(Self.look, to: "look.txt")
            let maker = """
                import io, sys, tarfile, zipfile
                name, main, under = sys.argv[1:]
                files = {main: open("look.txt").read(), "data.py": "value = 7", "text.txt": "text"}
                modes = {"app.tbz2": "w:bz2", "app-of-a-tar": "w:xz"}
                if mode := "w:gz" if name.endswith("gz") else modes.get(name):
                    with tarfile.open(name, mode) as archive:
                        for key, text in files.items():
                            info = tarfile.TarInfo(under + key)
                            info.size = len(text)
                            archive.addfile(info, io.BytesIO(text.encode()))
                else:
                    with zipfile.ZipFile(name, "w") as archive:
                        for key, text in files.items():
                            archive.writestr(under + key, text)
                """
            let made = try await AmaruProcess.run(
                ["-c", maker, name, main, under],
                of: try LinkedPython.interpreter(),
                in: folder
            )
            try #require(made.status == .exited(0), "\(made.errors)")
        }

        @Test(
            "An archive runs from its own folder, unpacked once",
            arguments: [
                ("app.tar.gz", "main.py", ""), ("app.tgz", "__main__.py", ""),
                ("app.zip", "main.py", "app-1.0/"), ("app-1-py3-none-any.whl", "__main__.py", ""),
                ("app.pyz", "__main__.py", ""), ("app.tbz2", "main.py", ""),
                ("app-of-a-tar", "main.py", ""),
            ]
        )
        func archive(name: String, main: String, under: String) async throws {
            try await pack(name, main: main, under: under)
            let expected = "7 __main__ ['\(name)', 'a'] True \(main)\ntext\n"
            for _ in 1...2 {
                let result = try await run([name, "--", "a"])
                #expect(result == .init(status: .exited(0), output: expected, errors: ""))
            }
            #expect(try kept().count == 1)
            let cleared = try await AmaruProcess.run(
                ["env", "clear"],
                in: folder,
                environment: ["XDG_CACHE_HOME": cache.path]
            )
            #expect(cleared.status == .exited(0), "\(cleared)")
            #expect(try kept().isEmpty)
        }

        private func kept() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: cache.path + "/amaru/scripts")
                .filter { $0 != ".lock" }
        }

        @Test(
            "What is no archive, or has nothing to run, is refused by name",
            arguments: [
                ("a.zip", "hello", "no sound zip archive"), ("a.tar.gz", "", "no sound tar"),
            ]
        )
        func refused(name: String, contents: String, reason: String) async throws {
            try folder.write(contents, to: name)
            let result = try await run([name])
            #expect(result.status == .exited(2))
            #expect(result.errors.hasPrefix("amaru: \(name): "), "\(result)")
            #expect(result.errors.contains(reason), "\(result)")
            #expect(try kept().isEmpty)
        }

        @Test func `An archive without a main is refused, and leaves nothing`() async throws {
            try await pack("app.zip", main: "other.py")
            let result = try await run(["app.zip"])
            #expect(
                result.errors == "amaru: app.zip: the archive has no main.py or __main__.py, so "
                    + "nothing to run.\n"
            )
            #expect(try kept().isEmpty)
        }

        // MARK: URLs

        private func serving<Value: Sendable>(
            _ script: @escaping ScriptedServer.Script,
            _ body: (ScriptedServer) async throws -> Value
        ) async throws -> Value {
            let server = ScriptedServer(script: script)
            return try await withChat(server) { _ in try await body(server) }
        }

        @Test func `A script comes from a URL, which its own are relative to, without the key`()
            async throws
        {
            let source = """
                import sys
                from pyodide.http import pyfetch
                print(__name__, sys.argv[1:], __file__.endswith("/chat.py"))
                print(await (await pyfetch("data.txt")).string())
                """
            let (result, requests) = try await serving({ request, _ in
                switch request.path {
                case "/old?x": Self.redirect(to: "/app@1/chat.py")
                case "/app@1/chat.py": .text(source)
                case "/app@1/data.txt": .text("data")
                default: .text("no", status: 404)
                }
            }) { server in
                let result = try await run(
                    ["--key-env", "TEST_KEY@\(server.url)", "\(server.url)/old?x", "--", "a"],
                    // What is fetched is kept on the disk where it was written.
                    environment: ["TEST_KEY": "sk-secret", "TMPDIR": "/nowhere"]
                )
                return (result, server.requests)
            }
            #expect(result.output == "__main__ ['a'] True\ndata\n", "\(result)")
            #expect(requests.map(\.path) == ["/old?x", "/app@1/chat.py", "/app@1/data.txt"])
            #expect(!requests.contains { "\($0)".contains("sk-secret") })
        }

        @Test func `An archive comes from a URL`() async throws {
            try await pack("app.tar.gz")
            let data = try Data(contentsOf: folder.url.appending(path: "app.tar.gz"))
            let head = "HTTP/1.1 200 OK\r\nContent-Length: \(data.count)\r\n\r\n"
            let result = try await serving({ _, _ in
                ScriptedResponse([.text(head), .bytes(data)])
            }) { try await run(["\($0.url)/latest"]) }
            #expect(result.output.hasPrefix("7 __main__ "), "\(result)")
        }

        private static func redirect(to place: String) -> ScriptedResponse {
            .text("", status: 302, reason: "Found", headers: [("Location", place)])
        }

        static let faults: [(ScriptedResponse, String)] = [
            (.text("no", status: 404, reason: "Not Found"), "the server answered 404 Not Found"),
            (redirect(to: "/again"), "more than 10 redirects"),
            (redirect(to: "ftp://x/"), "which is no URL of a server"),
            (.truncated("print(1)", announced: 100), "cannot be fetched: "),
            (.closeBeforeHead, "cannot be fetched: "),
            (.raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na\0"), "binary file"),
            (.text("\n<!DOCTYPE html>\n<title>chat.py</title>"), "the server sent a page of HTML"),
        ]

        @Test("What cannot be fetched is said, by the URL", arguments: 0..<7)
        func fault(index: Int) async throws {
            let (response, reason) = Self.faults[index]
            let result = try await serving({ _, _ in response }) {
                try await run(["\($0.url)/x.py"])
            }
            #expect(result.status == .exited(2))
            #expect(result.errors.contains(reason), "\(result)")
            #expect(result.output.isEmpty)
        }

        @Test func `The URL of a file is its path`() async throws {
            try folder.write("import sys; print(sys.argv)", to: "a b.py")
            let path = "\(folder.path)/a b.py"
            for start in ["file://", "FILE://localhost"] {
                let url = start + path.replacing(" ", with: "%20")
                #expect(try await run([url]).output == "['\(path)']\n")
            }
            let other = try await run(["file://host\(path)"])
            #expect(other.errors.contains("there is no such file or folder"))
        }

        @Test func `Nothing is fetched that --allow-net does not allow`() async throws {
            let (result, requests) = try await serving({ _, _ in .text("print(1)") }) { server in
                let result = try await run(
                    ["--allow-net", "https://example.com", "\(server.url)/x.py"]
                )
                return (result, server.requests.count)
            }
            #expect(result.status == .exited(2))
            #expect(result.errors.contains("--allow-net"), "\(result)")
            #expect(requests == 0)
        }
    }
}
