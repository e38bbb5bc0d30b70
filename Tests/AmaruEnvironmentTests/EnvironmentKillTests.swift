// Installations that are killed at any moment.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruEnvironment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite(.serialized, .timeLimit(.minutes(5))) struct EnvironmentKillTests {
    /// Kills an installation, its whole process group, when so many files are there.
    ///
    /// - `installers`: Where pip is, if not in the same cache.
    private func install(
        killedAfter count: Int,
        in shop: WheelShop,
        path: String,
        installers: URL? = nil
    ) async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [
                count, path = path as String, folder = shop.folder.path as String,
                interpreter = shop.interpreter.path as String,
                version = shop.interpreter.version as String,
                installers = installers?.path as String?
            ] in
            setpgid(0, 0)
            let cache = URL(filePath: folder + "/cache")
            try startThread("killer") {
                while true {
                    let manager = FileManager.default
                    let files = try? manager.subpathsOfDirectory(atPath: cache.path)
                    if files?.count ?? 0 >= count { kill(0, SIGKILL) }
                    sched_yield()
                }
            }
            var builder = EnvironmentBuilder(
                cacheFolder: cache,
                environment: WheelShop.variables(folder, path: path)
            )
            if let installers { builder.installerFolder = URL(filePath: installers) }
            let request = EnvironmentRequest(
                requirements: ["amaru-one"],
                interpreter: PythonInterpreterInfo(path: interpreter, version: version)
            )
            _ = try await builder.environment(for: request)
            // At the latest now, with a whole environment.
            kill(0, SIGKILL)
        }
    }

    /// Waits until nothing holds the lock any more, and checks that all is there, or nothing.
    private func check(_ shop: WheelShop) async throws -> Bool {
        let request = shop.request(["amaru-one"])
        let entry = shop.builder().entry(named: request.key)
        let lock = try await FileLock.acquire(at: entry.url.path + ".lock") {}
        defer { withExtendedLifetime(lock) {} }
        let left = try shop.environments()
        if let made = shop.builder().existing(for: request) {
            #expect(left.sorted() == [entry.name, entry.name + ".complete"].sorted())
            #expect(shop.builder().cached.first?.requirements == ["amaru-one"])
            let output = try await shop.run(made, "import amaru_one; print(amaru_one.version)")
            #expect(output == ["1.0"])
            return true
        }
        #expect(left == [])
        return false
    }

    @Test(
        "An installation that is killed leaves a whole environment or none",
        arguments: (0..<8).map { _ in Int.random(in: 1...64) } + [1000]
    )
    func quickInstaller(count: Int) async throws {
        let shop = try WheelShop()
        // Does what uv does, in less time: an environment, a package in many files.
        try await shop.folder.program(
            """
            #!/bin/sh
            if [ "$1" = venv ]; then exec "$4" -m venv --without-pip "$5"; fi
            lib=$(echo "${4%/bin/python}"/lib/python*/site-packages)
            mkdir "$lib/amaru_one"
            for i in 0 1 2 3 4 5 6 7 8 9; do
                for j in 0 1 2 3 4; do echo "x = 1" > "$lib/amaru_one/part$i$j.py"; done
            done
            echo "import amaru_one.part00, amaru_one.part94; version = '1.0'" \
                > "$lib/amaru_one/__init__.py"
            """,
            "bin/uv"
        )
        let path = shop.folder.path + "/bin:/usr/bin:/bin"
        try await install(killedAfter: count, in: shop, path: path)
        let isWhole = try await check(shop)
        if count == 1000 { #expect(isWhole) }
    }

    @Test(
        "A real installation that is killed leaves a whole environment or none",
        arguments: (0..<16).map { _ in (TestedInstaller.pip, Int.random(in: 22...100)) }
            + (0..<6).map { _ in (TestedInstaller.uv, Int.random(in: 5...75)) }
    )
    func realInstaller(_ installer: TestedInstaller, count: Int) async throws {
        let shop = try WheelShop()
        let parts = (0..<40).map { ("part\($0).py", "x = 1") }
        try await shop.makeWheel("amaru_one", "1.0", files: Dictionary(uniqueKeysWithValues: parts))
        // One that is there, so that only the installation itself is killed.
        _ = try await shop.builder().pip(for: shop.interpreter) { _ in }
        let path = try await installer.path(in: shop)
        let installers = WheelShop.installerFolder
        try await install(killedAfter: count, in: shop, path: path, installers: installers)
        _ = try await check(shop)
    }

    @Test(
        "An installation that is killed while it installs pip does not stop the next one",
        arguments: (0..<4).map { _ in Int.random(in: 10...1000) }
    )
    func installingPip(count: Int) async throws {
        let shop = try WheelShop()
        try await shop.makeWheel("amaru_one", "1.0")
        try await install(killedAfter: count, in: shop, path: "/usr/bin:/bin")
        _ = try await check(shop)
        let again = EnvironmentBuilder(
            cacheFolder: shop.cache,
            environment: WheelShop.variables(shop.folder.path)
        )
        let made = try await again.environment(for: shop.request(["amaru-one"]))
        #expect(try await shop.run(made, "import amaru_one; print(1)") == ["1"])
    }
}
