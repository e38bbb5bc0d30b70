// The tutorial's set-up script, byte for byte: it fetches, unpacks, installs, and converses.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

import enum Amaru.LinkedPython

extension BuiltCommand {
    @Suite(.needsTutorial, .needsPackages, .timeLimit(.minutes(10))) struct TutorialSetUpTests {
        /// Makes the folder that the page's server and the wheels' host serve.
        ///
        /// The wheels that only stand in for others in a browser are as empty here.
        private static let shop = """
            import os, subprocess, sys, tarfile, zipfile

            main, python = sys.argv[1:]
            root = "www/psymbio/pyodide_wheels/main"
            for name in ("multidict", "frozenlist", "aiohttp", "openai", "urllib3"):
                os.makedirs(f"{root}/{name}")
            with tarfile.open("www/app.tar.gz", "w:gz") as archive:
                archive.add(main, "main.py")
            for name, version in (
                ("multidict", "4.7.6"), ("frozenlist", "1.4.0"), ("aiohttp", "4.0.0a2.dev0")
            ):
                info = f"{name}-{version}.dist-info"
                files = {
                    f"{name}/__init__.py": "",
                    f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n",
                    f"{info}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
                }
                files[f"{info}/RECORD"] = "".join(f"{p},,\\n" for p in [*files, f"{info}/RECORD"])
                path = f"{root}/{name}/{name}-{version}-py3-none-any.whl"
                with zipfile.ZipFile(path, "w") as wheel:
                    for key, text in files.items():
                        wheel.writestr(key, text)
            subprocess.run([python, "-m", "venv", "tools"], check=True)
            for name, version in (("openai", "1.3.7"), ("urllib3", "2.1.0")):
                subprocess.run(
                    ["tools/bin/pip", "download", "-q", "--no-deps", "-d", f"{root}/{name}",
                     f"{name}=={version}"],
                    check=True,
                )
            """

        @Test func `It installs, imports and answers; the second start installs nothing`()
            async throws
        {
            let folder = try TemporaryFolder()
            let python = try LinkedPython.interpreter()
            let work = try TemporaryFolder()
            let seed = Tutorial.main.deletingLastPathComponent().appending(path: "setup.py.txt")
            let setUp = try Data(contentsOf: seed)
            try setUp.write(to: work.url.appending(path: "setup.py"))
            try folder.write(Self.shop, to: "shop.py")
            let shop = try ChildProcess(
                executable: "/bin/sh",
                arguments: [
                    "-c", "cd \"$1\" && exec \"$2\" shop.py \"$3\" \"$2\"", "sh", folder.path,
                    python,
                    Tutorial.main.path,
                ],
                environment: ProcessInfo.processInfo.environment,
                standardError: .merged
            )
            let words = await shop.standardOutput.reduce(into: "") { $0 += $1 + "\n" }
            try #require(try await shop.exitStatus().isSuccess, "\(words)")

            let files = try ChildProcess(
                executable: python,
                arguments: [
                    "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory",
                    folder.path + "/www", "0",
                ],
                environment: [:],
                standardError: .merged
            )
            var lines = files.standardOutput.makeAsyncIterator()
            // Serving HTTP on 127.0.0.1 port N (http://127.0.0.1:N/) ...
            let banner = try #require(await lines.next())
            let address = try #require(banner.firstMatch(of: /http:\/\/127\.0\.0\.1:\d+/)).output
            for start in 1...2 {
                let server = ScriptedServer([.chat("Hello there"), .chat("And again")])
                let port = try await server.start()
                let process = try AmaruProcess(
                    [
                        "run", "setup.py", "--origin", "\(address)/",
                        "--route", "https://raw.githubusercontent.com=\(address)",
                        "--route", "https://api.openai.com=http://127.0.0.1:\(port)",
                    ],
                    input: .text("hello\nsecond\n"),
                    in: work,
                    environment: [
                        "XDG_CACHE_HOME": folder.path + "/cache", "OPENAI_API_KEY": "sk-set-up",
                    ]
                )
                let result = try await process.result(within: .seconds(300))
                await server.shutDown()
                #expect(result.output == "Hello there\nAnd again\n", "\(result.errors)")
                #expect(result.status == .exited(0), "\(result.errors)")
                #expect(server.requests.first?.header("authorization") == "Bearer sk-set-up")
                #expect(result.errors.contains("Successfully installed") == (start == 1))
            }
            await files.terminate()
            // What was asked of the two hosts: all of it once, and the application twice.
            var asked: [String: Int] = [:]
            while let line = await lines.next() {
                if let path = line.firstMatch(of: /"GET (\S+)/)?.1 {
                    asked[String(path), default: 0] += 1
                }
            }
            #expect(asked.removeValue(forKey: "/app.tar.gz") == 2)
            #expect(asked.count == 5 && asked.values.allSatisfy { $0 == 1 }, "\(asked)")
        }
    }
}
