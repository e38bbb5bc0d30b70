// What a script or a project says about the packages and the Python that it needs.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The needs that a script names in its own comments, or a project in its `pyproject.toml`.
///
/// ```python
/// # /// script
/// # requires-python = ">=3.11"
/// # dependencies = ["emoji>=2", "rich"]
/// # ///
/// ```
///
/// The forms are those of
/// [inline script metadata](https://packaging.python.org/en/latest/specifications/inline-script-metadata/)
/// and of
/// [pyproject.toml](https://packaging.python.org/en/latest/specifications/pyproject-toml/), with
/// the package indexes and limits of `[tool.uv]`.
public struct ScriptMetadata: Sendable, Hashable, Codable {
    /// Requirements in the form of PEP 508.
    public var dependencies: [String] = []
    /// The versions of Python that it runs on, as in ">=3.11"; nil if it does not say.
    public var requiresPython: String?
    /// Whether the interpreter that was asked for is one of them.
    public var fitsPython = true
    /// Where its packages are.
    public var indexes = PackageIndexes()
    /// Which versions of them may be chosen.
    public var limits = ResolutionLimits()

    /// Creates metadata that asks for nothing.
    public init() {}
}

extension EnvironmentBuilder {
    /// Reads the block of a script.
    ///
    /// It is read by the interpreter's own parser, once: what was read is kept in the cache. A
    /// source without a block costs nothing.
    ///
    /// - `name`: What errors call the script.
    /// - Throws: `EnvironmentError` with `invalidRequirement` for a block that cannot be read.
    public func metadata(
        ofScript source: Data,
        named name: String,
        with interpreter: @autoclosure () throws -> PythonInterpreterInfo
    ) async throws -> ScriptMetadata {
        guard Self.hasMarker(source) else { return ScriptMetadata() }
        let blocks = Self.blocks(of: String(decoding: source, as: UTF8.self))
        if blocks.isEmpty { return ScriptMetadata() }
        guard blocks.utf8.count < Self.argumentLimit else {
            throw Self.unreadable(name, "its block is longer than \(Self.argumentLimit) bytes")
        }
        return try await metadata("script", blocks, blocks, named: name, with: interpreter())
    }

    /// The first line of a block.
    private static let marker = "# /// script"

    /// Whether there may be a block; among the bytes, for a source without one costs nothing.
    private static func hasMarker(_ source: Data) -> Bool {
        source.withUnsafeBytes { bytes in
            bytes.indices.contains { index in
                bytes[index] == UInt8(ascii: "#") && bytes[index...].starts(with: marker.utf8)
            }
        }
    }

    /// The comments from each line `# /// script` on, to where they end.
    private static func blocks(of text: String) -> String {
        var found: [Substring] = []
        var isInside = false
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            isInside = line == marker || isInside && line.hasPrefix("#")
            if isInside {
                found.append(line)
            } else if found.last?.isEmpty == false {
                found.append("")
            }
        }
        return found.isEmpty ? "" : found.joined(separator: "\n") + "\n"
    }

    /// Reads a `pyproject.toml`.
    ///
    /// - Throws: `EnvironmentError` with `invalidRequirement` for a file that cannot be read.
    public func metadata(
        ofProject file: URL,
        with interpreter: PythonInterpreterInfo
    ) async throws -> ScriptMetadata {
        guard let source = FileManager.default.contents(atPath: file.path) else {
            throw Self.unreadable(file.path, "the file cannot be opened")
        }
        let text = String(decoding: source, as: UTF8.self)
        return try await metadata("project", file.path, text, named: file.path, with: interpreter)
    }

    /// The folder of what was read.
    var metadataFolder: URL { cacheFolder.appending(path: "metadata") }

    /// What surely fits into one argument of a program, of which Linux allows 128 KiB.
    private static let argumentLimit = 100_000

    private struct Answer: Codable {
        var metadata: ScriptMetadata?
        var error: String?
    }

    private func metadata(
        _ kind: String,
        _ source: String,
        _ text: String,
        named name: String,
        with interpreter: PythonInterpreterInfo
    ) async throws -> ScriptMetadata {
        let key = CacheKey.make([["amaru metadata 3", interpreter.version, kind, text]])
        let answer: Answer = try await remembered(key) {
            try await read(kind, source, named: name, with: interpreter)
        }
        guard let metadata = answer.metadata else {
            throw Self.unreadable(name, answer.error ?? "it is not known why")
        }
        return metadata
    }

    /// Returns an answer that was given before, or asks for it.
    func remembered<Answer: Codable>(
        _ key: String,
        _ ask: () async throws -> Answer
    ) async throws -> Answer {
        let file = metadataFolder.appending(path: "\(key).json")
        if let known = FileManager.default.contents(atPath: file.path),
            let decoded = try? JSONDecoder().decode(Answer.self, from: known)
        {
            return decoded
        }
        let answer = try await ask()
        // A cache that cannot be written is no reason not to run.
        try? DurableFile.makeFolder(metadataFolder)
        try? JSONEncoder().encode(answer).write(to: file, options: .atomic)
        return answer
    }

    private struct NoAnswer: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs an interpreter, and decodes what it prints last: a record separator and JSON.
    ///
    /// As in [RFC 7464](https://www.rfc-editor.org/rfc/rfc7464), since a `.pth` file may print
    /// something first.
    package func ask<Answer: Decodable>(
        _ interpreter: String,
        _ arguments: [String]
    ) async throws -> Answer {
        let child = try ChildProcess(
            executable: interpreter,
            arguments: arguments,
            environment: environment
        )
        let result = try await child.output()
        let parts = result.lines.joined().split(
            separator: "\u{1E}",
            omittingEmptySubsequences: false
        )
        guard parts.count > 1, let last = parts.last else {
            let words = result.errors.last ?? result.lines.last ?? "it printed nothing"
            throw NoAnswer(description: "\(result.status): \(words)")
        }
        return try JSONDecoder().decode(Answer.self, from: Data(last.utf8))
    }

    /// The text of a program that consists of several files.
    static func program(_ files: [UInt8]...) -> String {
        String(decoding: files.joined(), as: UTF8.self)
    }

    private func read(
        _ kind: String,
        _ source: String,
        named name: String,
        with interpreter: PythonInterpreterInfo
    ) async throws -> Answer {
        let reader = Self.program(PackageResources.versions_py, PackageResources.metadata_py)
        do {
            return try await ask(interpreter.path, ["-I", "-S", "-c", reader, kind, source])
        } catch is CancellationError {
            throw EnvironmentError.cancelled("start")
        } catch {
            throw Self.unreadable(name, "\(interpreter.path): \(error)")
        }
    }

    private static func unreadable(_ name: String, _ reason: String) -> EnvironmentError {
        EnvironmentError(
            .invalidRequirement,
            "\(name): what it needs cannot be read: \(reason)",
            remedy: "Write it as in `# dependencies = [\"emoji>=2\"]` between the lines "
                + "`# /// script` and `# ///`, or in a pyproject.toml."
        )
    }
}
