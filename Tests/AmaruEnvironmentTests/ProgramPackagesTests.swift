// Swift programs that bring packages: the examples, built and run.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

@Suite(.serialized, .timeLimit(.minutes(5))) struct ProgramPackagesTests {
    private func run(
        _ program: String,
        _ arguments: [String] = [],
        environment: [String: String?]
    ) async throws -> AmaruProcess.Result {
        let process = try AmaruProcess(
            arguments,
            of: AmaruProcess.products.appending(path: program).path,
            environment: environment
        )
        return try await process.result(within: .seconds(240))
    }

    @Test func `A program installs what it names once, and imports it`() async throws {
        let shop = try WheelShop()
        let module = "def naturalsize(count): return f'{count / 1e6} MB'\n"
        try await shop.makeWheel("humanize", "4.1", files: ["__init__.py": module])
        for start in 1...2 {
            let result = try await run(
                "OwnPackages",
                environment: [
                    "XDG_CACHE_HOME": shop.cache.path, "PIP_NO_INDEX": "1",
                    "PIP_FIND_LINKS": start == 1 ? shop.folder.path : nil,
                    "PIP_CONFIG_FILE": "/dev/null",
                ]
            )
            #expect(result.output.hasSuffix("7.5 MB\n"), "\(result)")
            #expect(result.output.lowercased().contains("installed") == (start == 1))
            #expect(result.status == .exited(0))
        }
    }

    @Test func `What cannot be installed says what to do`() async throws {
        let shop = try WheelShop()
        let result = try await run(
            "OwnPackages",
            environment: [
                "XDG_CACHE_HOME": shop.cache.path, "PIP_NO_INDEX": "1",
                "PIP_FIND_LINKS": nil, "PIP_CONFIG_FILE": "/dev/null",
            ]
        )
        #expect(result.errors.contains("humanize"), "\(result)")
        #expect(result.errors.contains("Check the names and versions"), "\(result)")
    }

    @Test func `A program has processes of dask compute, follows them, and takes work back`()
        async throws
    {
        let result = try await run("ManyProcesses", environment: [:])
        let offline = ["Check the network, the proxy", "Check the names and versions"]
        if offline.contains(where: result.errors.contains) {
            try Test.cancel("dask cannot be installed: \(result.errors.suffix(500))")
        }
        #expect(result.output.hasSuffix(Self.computed), "\(result)")
        #expect(result.status == .exited(0), "\(result)")
    }

    private static let computed = "10 of 20\n20 of 20\nmost steps: 20\ncancelled: true\n"

    @Test func `A program computes on the cluster whose address it is given`() async throws {
        let environment: PythonEnvironment
        do {
            environment = try await PythonEnvironment(requirements: ["distributed"])
        } catch let error as EnvironmentError
            where error.code == .offline || error.code == .unresolvable
        {
            try Test.cancel("dask cannot be installed: \(error)")
        }
        func dask(_ arguments: String...) throws -> ChildProcess {
            try ChildProcess(
                executable: environment.executable.path,
                arguments: ["-m", "dask"] + arguments + ["--no-dashboard"],
                environment: ProcessInfo.processInfo.environment,
                standardError: .merged
            )
        }
        let scheduler = try dask("scheduler", "--host", "127.0.0.1", "--port", "0")
        var lines = scheduler.standardOutput.makeAsyncIterator()
        var address: Substring?
        while address == nil, let line = await lines.next() {
            address = line.firstMatch(of: /Scheduler at: +(tcp:\S+)/)?.1
        }
        let cluster = String(try #require(address))
        let worker = try dask("worker", cluster, "--nthreads", "1", "--no-nanny")
        let result = try await run("ManyProcesses", [cluster], environment: [:])
        await worker.terminate()
        await scheduler.terminate()
        #expect(result.output.hasSuffix(Self.computed), "\(result)")
        #expect(result.status == .exited(0), "\(result)")
        let log = await worker.standardOutput.reduce(into: "") { $0 += $1 + "\n" }
        #expect(log.contains("Registered to: ") && log.contains(cluster), "\(log)")
    }

    @Test func `The page shows the example as it is`() throws {
        let project = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
        let page = try String(
            contentsOf: project.appending(
                path: "Sources/AmaruEnvironment/AmaruEnvironment.docc/AmaruEnvironment.md"
            ),
            encoding: .utf8
        )
        let example = try String(
            contentsOf: project.appending(path: "Sources/Examples/OwnPackages/main.swift"),
            encoding: .utf8
        )
        let code = try #require(example.range(of: "import Amaru\n"))
        #expect(page.contains("```swift\n\(example[code.lowerBound...])```"))
    }
}
