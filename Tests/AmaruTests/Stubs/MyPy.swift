// Runs mypy on a program and the stubs that it uses.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation

/// The type checker of the repository's environment, or the one on the path.
struct MyPy: Sendable {
    struct Outcome: Sendable {
        let succeeded: Bool
        let output: String
    }

    private let path: String

    static let found = MyPy()

    private init?() {
        let root = URL(fileURLWithPath: #filePath).appending(path: "../../../..").standardized
        let environment = ProcessInfo.processInfo.environment
        let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let candidates =
            [environment["AMARU_TEST_MYPY"], root.appending(path: ".venv/bin/mypy").path]
            .compactMap(\.self) + folders.map { $0 + "/mypy" }
        let files = FileManager.default
        guard let path = candidates.first(where: files.isExecutableFile) else { return nil }
        self.path = path
    }

    /// Checks a program strictly.
    func check(_ program: String, against modules: [String: PythonModule]) throws -> Outcome {
        let folder = try TemporaryFolder()
        try folder.write(program, to: "program.py")
        for (name, module) in modules { try folder.write(module.stub, to: "\(name).pyi") }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        // Of this process alone, and for one run at a time: mypy crashes over a cache that
        // another one is writing.
        let cache = FileManager.default.temporaryDirectory.appending(path: "amaru-mypy-\(getpid())")
            .path
        process.arguments = ["--strict", "--cache-dir", cache, "program.py"]
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        let pipe = Pipe()
        (process.standardOutput, process.standardError) = (pipe, pipe)
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return withExtendedLifetime(folder) {
            Outcome(
                succeeded: process.terminationStatus == 0,
                output: String(decoding: output, as: UTF8.self)
            )
        }
    }
}
