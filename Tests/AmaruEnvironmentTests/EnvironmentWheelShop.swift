// Small real wheels for tests, and a builder that installs from them alone.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruEnvironment

/// A cache folder, a folder of wheels, and the machine's own interpreter.
final class WheelShop: Sendable {
    struct Failure: Error { let message: String }

    let folder: TemporaryFolder
    let interpreter: PythonInterpreterInfo

    var cache: URL { folder.url.appending(path: "cache") }

    init() throws {
        folder = try TemporaryFolder("amaru-wheels")
        let path = "/usr/bin/python3"
        let question = Process()
        let answer = Pipe()
        question.executableURL = URL(filePath: path)
        question.arguments = ["-Ic", "import platform; print(platform.python_version())"]
        question.standardOutput = answer
        try question.run()
        question.waitUntilExit()
        let data = answer.fileHandleForReading.readDataToEndOfFile()
        let version = String(decoding: data, as: UTF8.self)
        interpreter = PythonInterpreterInfo(
            path: path,
            version: version.trimmingCharacters(in: .whitespacesAndNewlines)
        )
    }

    /// A builder without network that takes packages from the folder of wheels.
    func builder() -> EnvironmentBuilder { builder(Self.variables(folder.path)) }

    /// A builder whose pip is that of the other tests too.
    func builder(_ variables: [String: String]) -> EnvironmentBuilder {
        var builder = EnvironmentBuilder(cacheFolder: cache, environment: variables)
        builder.installerFolder = Self.installerFolder
        return builder
    }

    /// Where the pip is that tests share with the user's programs.
    static var installerFolder: URL {
        UserFolder.cache(in: ProcessInfo.processInfo.environment).appending(path: "installers")
    }

    /// A builder that takes packages from a server alone.
    func builder(index: ScriptedServer, _ further: [String: String] = [:]) -> EnvironmentBuilder {
        var variables = Self.variables(folder.path).merging(further) { $1 }
        variables["PIP_NO_INDEX"] = nil
        variables["PIP_FIND_LINKS"] = nil
        variables["PIP_INDEX_URL"] = index.url + "/simple"
        return builder(variables)
    }

    /// What lets installers see the wheels of a folder, and no others.
    static func variables(_ folder: String, path: String = "/usr/bin:/bin") -> [String: String] {
        [
            "PATH": path, "HOME": folder, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": folder,
            "PIP_CONFIG_FILE": "/dev/null", "PIP_NO_CACHE_DIR": "1",
        ]
    }

    func request(_ requirements: [String]) -> EnvironmentRequest {
        EnvironmentRequest(requirements: requirements, interpreter: interpreter)
    }

    /// The environments' folders that are there.
    func environments(in builder: EnvironmentBuilder? = nil) throws -> [String] {
        let folder = (builder?.cacheFolder ?? cache).appending(path: "environments")
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { !$0.hasSuffix(".lock") }
    }

    /// Runs a program with an environment's Python and returns its lines.
    func run(_ environment: PythonEnvironment, _ program: String) async throws -> [String] {
        try await run(environment.executable.path, program)
    }

    /// Makes a wheel with one module `name` that holds its version, and further files in it.
    func makeWheel(
        _ name: String,
        _ version: String,
        requires: [String] = [],
        files: [String: String] = [:],
        data: [String: String] = [:],
        padding: Int = 0
    ) async throws {
        let description = try JSONSerialization.data(
            withJSONObject: [
                "name": name, "version": version, "requires": requires, "files": files,
                "data": data, "padding": padding, "folder": folder.path,
            ] as [String: Any]
        )
        _ = try await run(
            interpreter.path,
            Self.script,
            String(decoding: description, as: UTF8.self)
        )
    }

    func run(_ python: String, _ program: String, _ arguments: String...) async throws
        -> [String]
    {
        let child = try ChildProcess(
            executable: python,
            arguments: ["-c", program] + arguments,
            environment: ["PATH": "/usr/bin:/bin"],
            standardError: .merged
        )
        let lines = await child.standardOutput.reduce(into: []) { $0.append($1) }
        guard try await child.exitStatus().isSuccess else {
            throw Failure(message: lines.joined(separator: "\n"))
        }
        return lines
    }

    private static let script = """
        import json, sys, zipfile
        wheel = json.loads(sys.argv[1])
        name, version = wheel["name"], wheel["version"]
        info = f"{name}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n"
        metadata += "".join(f"Requires-Dist: {one}\\n" for one in wheel["requires"])
        tag = "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        files = {f"{name}/__init__.py": f"version = {version!r}\\n"}
        files |= {f"{name}/{path}": text for path, text in wheel["files"].items()}
        files |= {f"{name}/padding": "x" * wheel["padding"]}
        base = f"{name}-{version}.data"
        files |= {f"{base}/{path}": text for path, text in wheel["data"].items()}
        files |= {f"{info}/METADATA": metadata, f"{info}/WHEEL": tag}
        files[f"{info}/RECORD"] = "".join(f"{path},,\\n" for path in [*files, f"{info}/RECORD"])
        with zipfile.ZipFile(f"{wheel['folder']}/{name}-{version}-py3-none-any.whl", "w") as out:
            for path, text in files.items():
                entry = zipfile.ZipInfo(path)
                entry.external_attr = 0o100755 << 16
                out.writestr(entry, text)
        """
}

extension ChildProcess {
    /// Whether the child has not been reaped.
    var isRunning: Bool { kill(identifier, 0) == 0 }
}

extension TemporaryFolder {
    /// Writes a program that can be started at once.
    ///
    /// By a process of its own: a child that another test starts while this process has the file
    /// open for writing keeps it open for a moment, and the system starts no program that is.
    @discardableResult
    func program(_ text: String, _ path: String) async throws -> URL {
        let source = try write(text, to: path + ".text")
        let target = url.appending(path: path)
        let copying = try ChildProcess(
            executable: "/usr/bin/install",
            arguments: ["-m", "755", source.path, target.path],
            environment: [:]
        )
        #expect(try await copying.exitStatus().isSuccess)
        return target
    }
}
