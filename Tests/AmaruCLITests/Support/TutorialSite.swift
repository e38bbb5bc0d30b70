// The servers of the tutorial on this machine: the page's, and the host of its wheels.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

import enum Amaru.LinkedPython

/// A server of files that has the application in its variants, and the wheels of the set-up.
final class TutorialSite: Sendable {
    /// The variants of `main.py`, each in a folder of its name.
    enum Variant: String, CaseIterable {
        /// It awaits the function of the page, as the tutorial does now.
        case awaiting
        /// It calls it, as the tutorial did first.
        case calling
        /// Its `main()` returns once the receiver runs.
        case returning

        fileprivate func source(_ tutorial: String) -> String {
            switch self {
            case .awaiting: tutorial
            case .calling: tutorial.replacing("await js_module.display", with: "js_module.display")
            case .returning:
                tutorial.replacing(
                    "    while True:\n        await asyncio.sleep(0.1)\n",
                    with: ""
                )
            }
        }
    }

    /// The address that the server is at.
    let address: String
    private let folder: TemporaryFolder
    private let server: ChildProcess

    /// Makes the files, and serves them.
    init() async throws {
        folder = try TemporaryFolder()
        let tutorial = try String(contentsOf: Tutorial.main, encoding: .utf8)
        for variant in Variant.allCases {
            let source = variant.source(tutorial)
            try #require(variant == .awaiting || source != tutorial)
            try folder.write(source, to: "scripts/\(variant.rawValue)")
        }
        try folder.write(Self.shop, to: "shop.py")
        let python = try LinkedPython.interpreter()
        let shop = try ChildProcess(
            executable: "/bin/sh",
            arguments: [
                "-c", "cd \"$1\" && exec \"$2\" shop.py \"$2\"", "sh", folder.path, python,
            ],
            environment: ProcessInfo.processInfo.environment,
            standardError: .merged
        )
        let words = await shop.standardOutput.reduce(into: "") { $0 += $1 + "\n" }
        try #require(try await shop.exitStatus().isSuccess, "\(words)")
        server = try ChildProcess(
            executable: python,
            arguments: [
                "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory",
                folder.path + "/www", "0",
            ],
            environment: [:],
            standardError: .merged
        )
        var lines = server.standardOutput.makeAsyncIterator()
        // Serving HTTP on 127.0.0.1 port N (http://127.0.0.1:N/) ...
        let banner = try #require(await lines.next())
        let found = try #require(banner.firstMatch(of: /http:\/\/127\.0\.0\.1:\d+/))
        address = String(found.output)
    }

    /// The rule that sends requests for the wheels here.
    var wheels: String { "https://raw.githubusercontent.com=\(address)" }

    /// Where a page with a variant of the application is.
    func page(_ variant: Variant) -> String { "\(address)/\(variant.rawValue)/" }

    /// Ends the server, and returns how often each file was asked for.
    func end() async -> [String: Int] {
        await server.terminate()
        return await server.standardOutput.reduce(into: [:]) { asked, line in
            guard let path = line.firstMatch(of: /"GET (\S+)/)?.1 else { return }
            asked[String(path), default: 0] += 1
        }
    }

    /// Makes what the server serves.
    ///
    /// The wheels that only stand in for others in a browser are as empty here.
    private static let shop = """
        import os, subprocess, sys, tarfile, zipfile

        python, = sys.argv[1:]
        root = "www/psymbio/pyodide_wheels/main"
        for name in ("multidict", "frozenlist", "aiohttp", "openai", "urllib3"):
            os.makedirs(f"{root}/{name}")
        for name in os.listdir("scripts"):
            os.makedirs(f"www/{name}")
            with tarfile.open(f"www/{name}/app.tar.gz", "w:gz") as archive:
                archive.add(f"scripts/{name}", "main.py")
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
}
