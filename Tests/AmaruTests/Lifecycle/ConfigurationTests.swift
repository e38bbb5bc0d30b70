// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

/// Each in a process of its own: Python starts once.
@Suite("The configuration is in force", .serialized, .timeLimit(.minutes(5)))
struct ConfigurationTests {
    @Test("Search paths come first, in order")
    func searchPaths() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            try folder.write("here = True\n", to: "json.py")
            try await Python.start(
                PythonConfiguration(searchPaths: [folder.path, "/nowhere/second"])
            )
            let path = try await PythonActor.run { try Python.import("sys").path as [String] }
            #expect(Array(path.prefix(2)) == [folder.path, "/nowhere/second"])
            #expect(try await PythonActor.run { try Python.import("json").here as Bool })
        }
    }

    @Test("Arguments are sys.argv, also such as an interpreter would take for its own")
    func arguments() async {
        await #expect(processExitsWith: .success) {
            let given = ["script.py", "-c", "ünïcode 🐍", ""]
            try await Python.start(PythonConfiguration(arguments: given))
            let found = try await PythonActor.run { try Python.import("sys").argv as [String] }
            #expect(found == given)
        }
    }

    @Test("Bytecode goes to its cache and not beside the source")
    func bytecode() async {
        await #expect(processExitsWith: .success) {
            let (source, cache) = (try TemporaryFolder(), try TemporaryFolder())
            try source.write("x = 1\n", to: "cached_module.py")
            try await Python.start(
                PythonConfiguration(searchPaths: [source.path], bytecodeCache: cache.path)
            )
            try await PythonActor.run { _ = try Python.import("cached_module") }
            let beside = try FileManager.default.contentsOfDirectory(atPath: source.path)
            #expect(beside == ["cached_module.py"])
            let cached =
                FileManager.default.enumerator(atPath: cache.path)?
                .compactMap { $0 as? String } ?? []
            #expect(cached.contains { $0.contains("cached_module") && $0.hasSuffix(".pyc") })
        }
    }

    @Test("The bridge's own bytecode is kept, and made again where it is damaged")
    func ownBytecode() async throws {
        let folder = try TemporaryFolder()
        let cache = folder.path
        try await start(cache, "import asyncio")
        let (kept, _) = try ownBytecodeFiles(in: cache)
        #expect(kept.contains { $0.hasPrefix("_amaru_runtime.asyncio.") }, "\(kept)")
        let damages: [(Data) -> Data] = [
            { _ in Data() }, { _ in Data("rubbish".utf8) }, { $0.prefix(16) }, { $0.dropLast() },
            { whole in Data(whole.enumerated().map { $0 == 100 ? $1 ^ 4 : $1 }) },
        ]
        for damage in damages {
            for file in kept {
                let url = URL(filePath: cache).appending(path: file)
                try damage(Data(contentsOf: url)).write(to: url)
            }
            try await start(cache, "import asyncio")
            // None of the files that are damaged is left, and no other has come.
            #expect(try ownBytecodeFiles(in: cache).names == kept)
            #expect(try ownBytecodeFiles(in: cache).smallest > 100)
        }
    }

    @Test("The bridge's own bytecode is kept in the folder that Python has started with")
    func ownBytecodeOfStart() async throws {
        let folder = try TemporaryFolder()
        try await start(folder.path, "import sys\nsys.pycache_prefix = None\nimport asyncio")
        let kept = try ownBytecodeFiles(in: folder.path).names
        #expect(kept.contains { $0.hasPrefix("_amaru_runtime.asyncio.") }, "\(kept)")
    }

    private func ownBytecodeFiles(in cache: String) throws -> (names: [String], smallest: Int) {
        let names = try FileManager.default.contentsOfDirectory(atPath: cache)
            .filter { $0.hasPrefix("_amaru_runtime.") }.sorted()
        let sizes = try names.map {
            try Data(contentsOf: URL(filePath: cache).appending(path: $0)).count
        }
        return (names, sizes.min() ?? 0)
    }

    private func start(_ cache: String, _ code: String) async throws {
        await #expect(processExitsWith: .success) { [cache, code] in
            try await Python.start(PythonConfiguration(bytecodeCache: cache))
            try await PythonActor.run { try Python.exec(code) }
        }
    }

    @Test("Development mode is on where asked for, and off by default")
    func developmentMode() async {
        await #expect(processExitsWith: .success) {
            try await Python.start(PythonConfiguration(developmentMode: true))
            #expect(try await flag("dev_mode"))
            // It is asyncio's debug mode as well.
            try await runAlone(
                "import asyncio\nassert asyncio.get_running_loop().get_debug()\nawait asyncio.sleep(0)"
            )
        }
        await #expect(processExitsWith: .success) {
            try await Python.start()
            #expect(!(try await flag("dev_mode")))
        }
    }

    @Test("No environment variable and no user folder has a say")
    func isolated() async {
        await #expect(processExitsWith: .success) {
            setenv("PYTHONPATH", "/from/the/environment", 1)
            setenv("PYTHONHOME", "/nowhere", 1)
            setenv("PYTHONDEVMODE", "1", 1)
            try await Python.start()
            #expect(!(try await flag("dev_mode")))
            let path = try await PythonActor.run { try Python.import("sys").path as [String] }
            #expect(!path.contains("/from/the/environment"))
            #expect(!path.contains(""))
            #expect(!path.contains(FileManager.default.currentDirectoryPath))
        }
    }

    @Test("The allocator is the one that was asked for")
    func allocator() async {
        await #expect(processExitsWith: .success) {
            try await Python.start(PythonConfiguration(allocator: .standard))
            #expect(try await allocatorFacts() == "pymalloc")
        }
        await #expect(processExitsWith: .success) {
            try await Python.start(PythonConfiguration(allocator: .malloc))
            #expect(try await allocatorFacts() == "malloc")
        }
        await #expect(processExitsWith: .success) {
            try await Python.start(PythonConfiguration(allocator: .debug))
            #expect(try await allocatorFacts() == "pymalloc_debug")
        }
    }

    @Test("A virtual environment's packages are found, and its interpreter is sys.executable")
    func environment() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            try folder.makeEnvironment()
            let minor = LinkedPython.version.split(separator: ".").prefix(2)
                .joined(separator: ".")
            let packages = "lib/python\(minor)/site-packages"
            try folder.write("name = 'inside'\n", to: packages + "/only_in_environment.py")
            try await Python.start(PythonConfiguration(environment: folder.path))
            let facts = try await PythonActor.run {
                let sys = try Python.import("sys")
                return [
                    try sys.prefix as String,
                    try sys.executable as String,
                    try Python.import("only_in_environment").name as String,
                    try sys.base_prefix != folder.path ? "base" : "none",
                ]
            }
            #expect(facts == [folder.path, folder.path + "/bin/python", "inside", "base"])
            // A process that Python starts by sys.executable is in the environment too.
            let prefix = try await runAlone(
                """
                import subprocess, sys
                subprocess.run([sys.executable, '-c', 'import sys; print(sys.prefix)'],
                               capture_output=True, text=True, check=True).stdout.strip()
                """
            )
            #expect(try await PythonActor.run { try Python.str(prefix) } == folder.path)
        }
    }
}

private func flag(_ name: String) async throws -> Bool {
    try await PythonActor.run { try Python.import("sys").flags.readAttribute(name).isTrue() }
}

/// Which allocator objects come from.
///
/// `sys._debugmallocstats` writes of arenas only where pymalloc is in use, and the debug hooks put
/// seven forbidden bytes in front of each block.
private func allocatorFacts() async throws -> String {
    let facts = try await runAlone(
        """
        import ctypes, os, sys, tempfile
        kept = os.dup(2)
        with tempfile.TemporaryFile() as file:
            os.dup2(file.fileno(), 2)
            try:
                sys._debugmallocstats()
            finally:
                os.dup2(kept, 2)
            file.seek(0)
            name = 'pymalloc' if b'arenas allocated' in file.read() else 'malloc'
        # bytes have no header of the garbage collector before them. Only in pymalloc's memory: what
        # malloc has before a block is not ours to read.
        block = bytes(range(40))
        if name == 'pymalloc' and ctypes.string_at(id(block) - 7, 7) == b'\\xfd' * 7:
            name += '_debug'
        name
        """
    )
    return try await PythonActor.run { try Python.str(facts) }
}
