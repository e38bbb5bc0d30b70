// A file in TOML that the user writes, read once per edit.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruPython

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A file of settings, and what is known of it.
///
/// The interpreter's own parser reads it, in a process of its own that takes longer than the rest
/// of a start. What it said is kept in the cache as JSON until the file is another one.
struct SettingsFile<Value: Codable & Sendable>: Sendable {
    /// What the reader calls this kind of file.
    let kind: String
    let path: String
    /// The program's folder in the user's cache.
    let cacheFolder: URL

    /// The file that a reading is of: a changed one differs in one of these.
    private struct Stamp: Codable, Equatable {
        var version = 1
        var path: String
        var size: Int
        var seconds: Int
        var nanoseconds: Int
        var inode: UInt64
    }

    private struct Reading: Codable {
        var stamp: Stamp
        var value: Value
    }

    private struct Answer: Decodable {
        var found: Value?
        var problems: [SettingsProblem]
    }

    /// The longest file that is read.
    private static var bound: Int { 256 * 1024 }

    /// What the file says; nil if the file is missing.
    ///
    /// - Throws: `SettingsError` for a file that cannot be used; `CancellationError`.
    func read() async throws -> Value? {
        guard let stamp = try stamp() else { return nil }
        if let known = reading(of: stamp) { return known }
        let answer = try await ask()
        guard let value = answer.found, answer.problems.isEmpty else {
            throw SettingsError(path: path, problems: answer.problems)
        }
        // A cache that cannot be written is no reason not to run.
        if let bytes = try? JSONEncoder().encode(Reading(stamp: stamp, value: value)) {
            try? PrivateFile.write(bytes, to: cached)
        }
        return value
    }

    /// What was read of the file as it is now; nil if that was not read yet.
    var known: Value? { (try? stamp()).flatMap { $0.flatMap(reading) } }

    private var cached: URL {
        let name = CacheKey.make([["amaru settings", kind, path]])
        return cacheFolder.appending(path: "settings/\(name).json")
    }

    private func reading(of stamp: Stamp) -> Value? {
        guard let bytes = FileManager.default.contents(atPath: cached.path),
            let reading = try? JSONDecoder().decode(Reading.self, from: bytes),
            reading.stamp == stamp
        else { return nil }
        return reading.value
    }

    private func stamp() throws -> Stamp? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw refusal("it cannot be read: \(String(cString: strerror(errno)))", "check it")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw refusal("it is not a file", "move it away")
        }
        guard status.st_size <= Self.bound else {
            throw refusal("it is longer than \(Self.bound >> 10) KiB", "shorten it")
        }
        guard access(path, R_OK) == 0 else {
            throw refusal("it cannot be read: \(String(cString: strerror(errno)))", "chmod u+r it")
        }
        #if os(Linux)
            let time = status.st_mtim
        #else
            let time = status.st_mtimespec
        #endif
        return Stamp(
            path: path,
            size: Int(status.st_size),
            seconds: time.tv_sec,
            nanoseconds: time.tv_nsec,
            inode: UInt64(status.st_ino)
        )
    }

    private func ask() async throws -> Answer {
        let resources = try PythonResources()
        let reader = resources.root.appending(path: "amaru/_configuration.py").path
        let variables = EnvironmentVariables.current
        // Without the keys in the others.
        let kept = variables.filter { ["PATH", "HOME", "LD_LIBRARY_PATH"].contains($0.key) }
        let builder = EnvironmentBuilder(cacheFolder: cacheFolder, environment: kept)
        let interpreter = try PythonInterpreterInfo.linked.path
        do {
            return try await builder.ask(interpreter, ["-I", "-S", "-B", reader, kind, path])
        } catch let error as CancellationError {
            throw error
        } catch {
            throw refusal("\(interpreter) could not read it: \(error)", "see amaru doctor")
        }
    }

    private func refusal(_ words: String, _ remedy: String) -> SettingsError {
        SettingsError(
            path: path,
            problems: [SettingsProblem(line: 0, key: "", words: words, remedy: remedy)]
        )
    }
}

/// What is wrong with one key of a file.
struct SettingsProblem: Codable, Equatable, Sendable {
    /// The line; 0 if it is the whole file.
    var line: Int
    var key: String
    var words: String
    var remedy: String
}

/// A file of settings that cannot be used.
struct SettingsError: Error, Equatable, CustomStringConvertible {
    let path: String
    let problems: [SettingsProblem]

    /// One line for each problem: file, line, key, what is wrong, and what to do.
    var description: String {
        let lines = problems.map { problem in
            let place = problem.line > 0 ? ":\(problem.line)" : ""
            let key = problem.key.isEmpty ? "" : "\(problem.key): "
            return "\(path)\(place): \(key)\(problem.words): \(problem.remedy)"
        }
        return lines.joined(separator: "\namaru: ")
    }
}
