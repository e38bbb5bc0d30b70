// Packages that cannot be had, and caches that cannot be written.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct EnvironmentTests {
        let folder: TemporaryFolder
        let script = "import os; print('ran')\n"

        init() throws {
            folder = try TemporaryFolder()
            try folder.write(script, to: "script.py")
        }

        /// What keeps an installer from finding any package, at once.
        func closed() async throws -> [String: String] {
            let closed = "http://127.0.0.1:\(try await ScriptedServer.refusingPort())"
            return [
                "PIP_INDEX_URL": closed, "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": "",
                "PIP_RETRIES": "1", "PIP_NO_CACHE_DIR": "1", "UV_INDEX_URL": closed,
                "UV_NO_CACHE": "1", "UV_HTTP_RETRIES": "0", "UV_FIND_LINKS": "",
            ]
        }

        func run(_ arguments: [String], cache: String, _ environment: [String: String] = [:])
            async throws -> AmaruProcess.Result
        {
            let variables = environment.merging(["XDG_CACHE_HOME": cache]) { $1 }
            return try await AmaruProcess.run(arguments, in: folder, environment: variables)
        }

        func leftEnvironments(in cache: String) -> [String] {
            let path = cache + "/amaru/environments"
            let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            return names.filter { !$0.hasSuffix(".lock") }
        }

        @Test func `Without a network the installer's words are shown and nothing is kept`()
            async throws
        {
            let cache = folder.path + "/cache"
            let arguments = ["run", "--with", "amaru-test-no-such-package", "script.py"]
            let result = try await run(arguments, cache: cache, try await closed())
            #expect(
                result.errors.contains(" could not install amaru-test-no-such-package (exit code")
            )
            #expect(result.errors.contains("It said:\n"))
            #expect(result.errors.contains("onnection"))
            #expect(
                result.errors.hasSuffix(
                    "Check the network, the proxy variables and the installer's index settings. "
                        + "Packages that were installed before work without a network.\n"
                )
            )
            #expect(result.output == "")
            #expect(result.status == .exited(1))
            #expect(leftEnvironments(in: cache) == [])
        }

        @Test func `A package that does not exist is named, in the installer's words`() async throws
        {
            // An index that answers, and has nothing.
            let server = ScriptedServer([.text("", status: 404, reason: "Not Found")])
            try await server.start()
            let cache = folder.path + "/cache"
            var variables = try await closed()
            variables["PIP_INDEX_URL"] = server.url
            variables["UV_INDEX_URL"] = server.url
            let result = try await run(
                ["run", "--with", "amaru-test-no-such-package==9.9", "script.py"],
                cache: cache,
                variables
            )
            await server.shutDown()
            #expect(result.errors.contains(" could not install amaru-test-no-such-package==9.9"))
            #expect(
                result.errors.hasSuffix(
                    "Check the names and versions asked for, and that they exist for this Python.\n"
                )
            )
            #expect(server.requests.contains { $0.path.contains("amaru-test-no-such-package") })
            #expect(result.output == "")
            #expect(result.status == .exited(1))
            #expect(leftEnvironments(in: cache) == [])
        }

        @Test func `A requirement that is an option is refused`() async throws {
            let result = try await run(
                ["run", "--with=--index-url=http://127.0.0.1:1", "script.py"],
                cache: folder.path + "/cache"
            )
            #expect(result.errors.contains("--index-url=http://127.0.0.1:1"), "\(result)")
            #expect(result.output == "")
            #expect(result.status == .exited(1))
        }

        @Test func `A cache that cannot be written is named`() async throws {
            let cache = try folder.write("", to: "file").path + "/cache"
            let result = try await run(["run", "--with", "x", "script.py"], cache: cache)
            #expect(
                result.errors.hasPrefix("amaru: the cache folder \(cache)/amaru cannot be used: ")
            )
            #expect(
                result.errors.hasSuffix(
                    "\nMake it writable, or name another one with XDG_CACHE_HOME.\n"
                )
            )
            #expect(result.output == "")
            #expect(result.status == .exited(1))
        }

        @Test func `A script that needs no package runs without a cache and without a network`()
            async throws
        {
            let cache = try folder.write("", to: "file").path + "/cache"
            let result = try await run(["run", "script.py"], cache: cache, try await closed())
            #expect(result == .init(status: .exited(0), output: "ran\n", errors: ""))
        }

        @Test func `Bytecode is where python puts it, and that of the host in the cache`()
            async throws
        {
            let cache = folder.path + "/cache"
            try folder.write("", to: "beside.py")
            try folder.write("import beside, amaru.plugins.listing\n", to: "script.py")
            let result = try await run(["run", "script.py"], cache: cache)
            #expect(result == .init(status: .exited(0), output: "", errors: ""))
            func files(_ path: String) -> [String] {
                FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
            }
            #expect(files(folder.path + "/__pycache__").map { $0.prefix(7) } == ["beside."])
            let made = files(cache + "/amaru/bytecode")
            #expect(made.contains { $0.contains("amaru/plugins/listing.") })
            #expect(!made.contains { $0.contains("beside.") })
            let chosen = try await AmaruProcess.run(
                ["run", "script.py"],
                in: folder,
                environment: [
                    "XDG_CACHE_HOME": cache, "PYTHONPYCACHEPREFIX": folder.path + "/chosen",
                    "PYTHONDONTWRITEBYTECODE": nil,
                ]
            )
            #expect(chosen.status == .exited(0))
            #expect(files(folder.path + "/chosen").contains { $0.contains("beside.") })
            let resources = AmaruProcess.products.appending(path: AmaruProcess.resources)
            let found =
                FileManager.default.enumerator(atPath: resources.path)?
                .compactMap { $0 as? String } ?? []
            #expect(found.contains("amaru/__init__.py"))
            #expect(!found.contains { $0.contains("__pycache__") })
        }
    }
}
