// Environments of the user's: what they lack is named, and nothing is installed.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruEnvironment

@Suite(.timeLimit(.minutes(5))) struct ExistingEnvironmentTests {
    private let shop: WheelShop

    init() throws { shop = try WheelShop() }

    @Test func `What is missing is named with the command that installs it`() async throws {
        try await shop.makeWheel("amaru_one", "1.5")
        let made = try await shop.builder().environment(for: shop.request(["amaru-one"]))
        func check(_ requirements: String...) async throws {
            try await shop.builder().check(made, meets: shop.request(requirements))
        }
        try await check()
        try await check("Amaru_One>=1", "amaru-no-such; python_version < '3'", "amaru-one[x]")
        let error = await #expect(throws: EnvironmentError.self) {
            try await check("amaru-one>=2", "amaru-two", "amaru-one<2")
        }
        #expect(error?.code == .incompleteEnvironment)
        let message = "lacks what is needed: amaru-one>=2 (1.5 is installed), amaru-two"
        #expect(error?.message == "\(made.root.path) \(message)")
        let command = "\(made.executable.path) -m pip install 'amaru-one>=2' amaru-two"
        #expect(error?.remedy == "Install it with: \(command)")

        try shop.folder.write("-c limits.txt\n-r more.txt\n", to: "needs.txt")
        try shop.folder.write("amaru-limited<2\n", to: "limits.txt")
        try shop.folder.write("amaru-three --hash=sha256:00  # why\n", to: "more.txt")
        var request = shop.request([])
        request.requirementFiles = [shop.folder.path + "/needs.txt"]
        let other = await #expect(throws: EnvironmentError.self) {
            try await shop.builder().check(made, meets: request)
        }
        #expect(other?.message.hasSuffix("lacks what is needed: amaru-three") == true)
    }

    @Test func `An environment without pip is compared, too`() async throws {
        let root = shop.folder.url.appending(path: "bare")
        let making = try ChildProcess(
            executable: shop.interpreter.path,
            arguments: ["-m", "venv", "--without-pip", root.path],
            environment: [:]
        )
        #expect(try await making.exitStatus().isSuccess)
        let minor = shop.interpreter.version.split(separator: ".").prefix(2).joined(separator: ".")
        // What runs at each start may print.
        try shop.folder.write(
            "import sys; print('{hello}')\n",
            to: "bare/lib/python\(minor)/site-packages/talks.pth"
        )
        try shop.folder.write("#!/bin/sh\n", to: "bin/uv", permissions: 0o755)
        let builder = EnvironmentBuilder(
            cacheFolder: shop.cache,
            environment: ["PATH": "\(shop.folder.path)/bin"]
        )
        let error = await #expect(throws: EnvironmentError.self) {
            let bare = PythonEnvironment(root: root)
            try await builder.check(bare, meets: shop.request(["amaru-one>=2"]))
        }
        #expect(error?.message.hasSuffix("lacks what is needed: amaru-one>=2") == true)
        let uv = "\(shop.folder.path)/bin/uv pip install --python \(root.path)/bin/python"
        #expect(error?.remedy == "Install it with: \(uv) 'amaru-one>=2'")
    }
}
