// `amaru env lock` and `path`, `--locked`, `--venv` and an active environment.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

import enum Amaru.LinkedPython

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct ScriptEnvironmentTests {
        private let folder: TemporaryFolder

        init() throws { folder = try TemporaryFolder() }

        private static let use = "import amaru_one; print(amaru_one.version)\n"

        private static let script = """
            # /// script
            # requires-python = ">=3.11"
            # dependencies = ["amaru-one>=1"]
            # ///
            \(use)
            """

        /// Makes a wheel in a folder of wheels.
        private func makeWheel(_ name: String, _ version: String) async throws {
            try folder.write(
                """
                import os, sys, zipfile
                name, version = sys.argv[1:]
                info = f"{name}-{version}.dist-info"
                files = {
                    f"{name}.py": f"version = {version!r}",
                    f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n",
                    f"{info}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
                }
                files[f"{info}/RECORD"] = "".join(f"{p},,\\n" for p in [*files, f"{info}/RECORD"])
                os.makedirs("wheels", exist_ok=True)
                with zipfile.ZipFile(f"wheels/{name}-{version}-py3-none-any.whl", "w") as wheel:
                    for key, text in files.items():
                        wheel.writestr(key, text)
                """,
                to: "wheel.py"
            )
            let made = try await AmaruProcess.run(
                ["wheel.py", name, version],
                of: try LinkedPython.interpreter(),
                in: folder
            )
            try #require(made.status.isSuccess, "\(made)")
        }

        private func variables(_ index: ScriptedServer? = nil) -> [String: String?] {
            var variables: [String: String?] = [
                "XDG_CACHE_HOME": folder.path + "/cache", "PIP_CONFIG_FILE": "/dev/null",
                "PIP_FIND_LINKS": nil, "PIP_NO_CACHE_DIR": "1",
            ]
            if let index {
                variables["PIP_INDEX_URL"] = index.url + "/simple"
            } else {
                variables["PIP_NO_INDEX"] = "1"
                variables["PIP_FIND_LINKS"] = folder.path + "/wheels"
            }
            return variables
        }

        private func amaru(
            _ arguments: String...,
            environment: [String: String?] = [:]
        ) async throws -> AmaruProcess.Result {
            try await AmaruProcess.run(
                arguments,
                in: folder,
                environment: variables().merging(environment) { $1 }
            )
        }

        @Test func `A locked script runs with what was locked, until it asks for other packages`()
            async throws
        {
            try await makeWheel("amaru_one", "1.0")
            try folder.write(Self.script, to: "script.py")
            let missing = try await amaru("run", "--locked", "script.py")
            #expect(missing.errors.contains("pylock.script.toml. Make it with `amaru env lock`."))
            #expect(missing.status == .exited(2))
            let none = try await amaru("env", "path", "script.py")
            #expect(none.errors.contains("There is no environment for script.py yet"))

            let locked = try await amaru("env", "lock", "script.py")
            #expect(locked.output == "\(folder.path)/pylock.script.toml\t1 package\n", "\(locked)")
            try await makeWheel("amaru_one", "2.0")
            try await makeWheel("amaru_two", "1.0")
            let first = try await amaru("run", "--locked", "script.py")
            #expect(first.output == "1.0\n", "\(first)")
            try folder.write("print(7)", to: "elsewhere/plain.py")
            #expect(try await amaru("run", "--locked", "elsewhere/plain.py").output == "7\n")
            try FileManager.default.createSymbolicLink(
                atPath: folder.path + "/elsewhere/linked",
                withDestinationPath: "../script.py"
            )
            #expect(try await amaru("run", "--locked", "elsewhere/linked").output == "1.0\n")
            let more = try await amaru(
                "run",
                "--locked",
                "--with",
                "amaru-two,amaru-one",
                "script.py"
            )
            #expect(more.output == "1.0\n", "\(more)")
            #expect(more.errors.contains("Successfully installed amaru-two-1.0"))
            let path = try await amaru("env", "path", "script.py")
            #expect(path.output.hasPrefix(folder.path + "/cache/amaru/environments/"), "\(path)")
            let name = URL(filePath: String(path.output.dropLast())).lastPathComponent
            #expect(try await amaru("env", "path", String(name.prefix(9))) == path)
            let shown = try await amaru("env", "show", "script.py")
            #expect(shown.output.hasPrefix(path.output) && shown.output.contains("amaru_one 1.0\n"))

            try folder.write(Self.script.replacing("one>=1", with: "one>1"), to: "script.py")
            let stale = try await amaru("run", "--locked", "script.py")
            #expect(stale.errors.contains("was made for other packages"))
            #expect(stale.status == .exited(2))
            let other = try await amaru("run", "script.py")
            #expect(other.errors.contains("the packages are resolved again"))
            #expect(other.output == "2.0\n")

            try folder.write("x =", to: "pylock.script.toml")
            let damaged = try await amaru("run", "script.py")
            #expect(damaged.errors.contains("pylock.script.toml: the lock cannot be used"))
            #expect(damaged.status == .exited(1))
        }

        @Test func `A lock of another program is used, until it is stale`() async throws {
            try await makeWheel("amaru_one", "1.0")
            let name = "wheels/amaru_one-1.0-py3-none-any.whl"
            let digest = SHA256.hex(try Data(contentsOf: folder.url.appending(path: name)))
            let lock = """
                lock-version = "1.0"
                created-by = "uv"

                [[packages]]
                name = "amaru-one"
                version = "1.0"
                wheels = [{ path = "\(name)", hashes = { sha256 = "\(digest)" } }]

                """
            try folder.write(lock, to: "pylock.script.toml")
            try await makeWheel("amaru_one", "2.0")
            try folder.write(Self.script, to: "script.py")
            let first = try await amaru("run", "--locked", "script.py")
            #expect(first.output == "1.0\n", "\(first)")
            #expect(try await amaru("env", "path", "script.py").status == .exited(0))

            try folder.write(Self.script.replacing("one>=1", with: "one>1"), to: "script.py")
            let stale = try await amaru("run", "--locked", "script.py")
            let words = "is stale: it has amaru-one 1.0, and amaru-one>1 is asked for"
            #expect(stale.errors.contains("\(words). Make it again with uv, or with"), "\(stale)")
            #expect(stale.status == .exited(2))
            let other = try await amaru("run", "script.py")
            #expect(other.errors.contains("\(words): the packages are resolved again"))
            #expect(other.output == "2.0\n")

            let unhashed = lock.replacing("sha256 = \"\(digest)\"", with: "")
            try folder.write(unhashed, to: "pylock.script.toml")
            let refused = try await amaru("run", "script.py")
            #expect(refused.errors.contains("amaru-one: it has no valid SHA-256 digest"))
            #expect(refused.status == .exited(1))
        }

        @Test func `What names no packages has no lock and no environment`() async throws {
            try folder.write("print(1)\n", to: "app/main.py")
            let lock = try await amaru("env", "lock", "app")
            #expect(lock.errors == "amaru: app names no packages to lock.\n")
            let path = try await amaru("env", "path", "app")
            #expect(path.errors.contains("app names no packages, and runs without an environment"))
            #expect(path.status == .exited(1))
            let both = try await amaru("run", "--locked", "--with-requirements", "x", "script.py")
            #expect(both.errors.contains("--locked installs what the lock names"), "\(both)")
            let conversation = try await amaru("--locked", "hello")
            #expect(conversation.errors.contains("--locked is for scripts"))
        }

        @Test func `An environment of the user's is used as it is`() async throws {
            try await makeWheel("amaru_one", "1.0")
            let venv = folder.path + "/venv"
            let python = try LinkedPython.interpreter()
            let made = try await AmaruProcess.run(
                ["-m", "venv", "--without-pip", venv],
                of: python
            )
            try #require(made.status.isSuccess, "\(made)")
            try folder.write(Self.script, to: "script.py")
            try folder.write("import sys; print(sys.prefix)\n", to: "plain.py")

            let lacking = try await amaru("run", "--venv", "venv", "script.py")
            #expect(lacking.errors.contains("\(venv) lacks what is needed: amaru-one>=1"))
            #expect(lacking.errors.contains("-m pip install 'amaru-one>=1'"), "\(lacking)")
            #expect(lacking.status == .exited(1))
            #expect(
                !FileManager.default.fileExists(atPath: folder.path + "/cache/amaru/environments")
            )
            let plain = try await amaru("run", "--venv", "venv", "plain.py")
            #expect(plain.output == venv + "\n", "\(plain)")

            // An active one is for scripts that name no packages.
            let active = try await amaru("run", "plain.py", environment: ["VIRTUAL_ENV": venv])
            #expect(active.output == venv + "\n", "\(active)")
            let own = try await amaru("run", "script.py", environment: ["VIRTUAL_ENV": venv])
            #expect(own.output == "1.0\n", "\(own)")
            try folder.write("home = /opt/python9/bin\nversion = 9.8.7\n", to: "venv/pyvenv.cfg")
            let other = try await amaru("run", "plain.py", environment: ["VIRTUAL_ENV": venv])
            let words = "VIRTUAL_ENV is not used: \(venv) was made by Python 9.8.7 in"
            #expect(other.errors.contains(words), "\(other)")
            #expect(other.status == .exited(0))

            let both = try await amaru("run", "--venv", "venv", "--locked", "plain.py")
            #expect(both.errors.contains("leave one of them out"))
            for path in ["venv", "venv/bin/python"] {
                let wrong = try await amaru("run", "--python", path, "--with", "x", "plain.py")
                #expect(wrong.errors.contains("--python \(path) is an environment: use it with"))
            }
        }

        @Test func `Eight starts at once install once`() async throws {
            try await makeWheel("amaru_one", "1.0")
            try folder.write(Self.script, to: "script.py")
            let index = ScriptedServer.packages(in: folder.url.appending(path: "wheels"))
            try await index.start()
            let variables = variables(index)
            let results = try await withThrowingTaskGroup(of: AmaruProcess.Result.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let run = try AmaruProcess(
                            ["run", "script.py"],
                            in: folder,
                            environment: variables
                        )
                        return try await run.result(within: .seconds(240))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            await index.shutDown()
            #expect(results.allSatisfy { $0.output == "1.0\n" }, "\(results)")
            #expect(index.requests.filter { $0.path.hasPrefix("/files/") }.count == 1)
            let installs = results.filter { $0.errors.contains("Successfully installed") }
            #expect(installs.count == 1)
        }
    }
}
