// The packages that the tests use for real, in an environment that is made once.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation

/// A virtual environment with the packages of the tests, for the Python that is linked.
///
/// It is in the user's cache and made by the first run that needs it: in a folder beside its place,
/// then moved there, under a lock, so that neither a second run nor a killed one disturbs it.
enum PackageEnvironment {
    static let requirements = ["httpx2", "numpy", "pandas", "pydantic"]

    /// Why there is no environment.
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    /// The folder of the packages, made on first use; every later use gets the same answer.
    static var packages: String {
        get async throws { try await made.value }
    }

    private static let made = Task {
        try await withCheckedThrowingContinuation { continuation in
            // It waits for pip and for other processes: not on a thread of the pool.
            Thread.detach { continuation.resume(with: Result { try find() }) }
        }
    }

    private static func find() throws -> String {
        let files = FileManager.default
        let home = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"].flatMap {
            $0.hasPrefix("/") ? URL(fileURLWithPath: $0) : nil
        }
        let cache = home ?? files.homeDirectoryForCurrentUser.appending(path: ".cache")
        let folder = cache.appending(path: "amaru-tests")
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        let name = ([LinkedPython.version] + requirements).joined(separator: "-")
        let place = folder.appending(path: name)
        let minor = LinkedPython.version.split(separator: ".").prefix(2).joined(separator: ".")
        let packages = place.appending(path: "lib/python\(minor)/site-packages").path
        return try locked(folder.appending(path: "lock").path) {
            if !files.fileExists(atPath: packages) { try make(place, in: folder) }
            return packages
        }
    }

    private static func locked<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0, flock(descriptor, LOCK_EX) == 0 else {
            throw Missing(description: "\(path) cannot be locked: errno \(errno)")
        }
        // Closing it gives the lock up; so does the end of the process.
        defer { close(descriptor) }
        return try body()
    }

    private static func make(_ place: URL, in folder: URL) throws {
        let draft = folder.appending(path: "draft-\(ProcessInfo.processInfo.processIdentifier)")
        defer { try? FileManager.default.removeItem(at: draft) }
        try run([LinkedPython.interpreter(), "-m", "venv", draft.path])
        let pip = [draft.path + "/bin/python", "-m", "pip", "install", "--quiet"]
        // Nothing is built from source: that takes minutes and a compiler.
        try run(
            pip + ["--disable-pip-version-check", "--only-binary", ":all:", "--retries", "1"]
                + requirements
        )
        try FileManager.default.moveItem(at: draft, to: place)
    }

    private static func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: arguments[0])
        process.arguments = Array(arguments.dropFirst())
        // The library path is for the Python that the tests link.
        let pipe = Pipe()
        (process.standardInput, process.standardOutput) = (FileHandle.nullDevice, pipe)
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let text = String(decoding: output, as: UTF8.self)
            let lines = text.split(separator: "\n").suffix(3).joined(separator: " ")
            throw Missing(description: "\(arguments.prefix(4).joined(separator: " ")): \(lines)")
        }
    }
}
