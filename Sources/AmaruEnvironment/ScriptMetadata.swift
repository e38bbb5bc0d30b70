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
/// the package indexes of `[tool.uv]`.
public struct ScriptMetadata: Sendable, Hashable, Codable {
    /// Requirements in the form of PEP 508.
    public var dependencies: [String] = []
    /// The versions of Python that it runs on, as in ">=3.11"; nil if it does not say.
    public var requiresPython: String?
    /// Whether the interpreter that was asked for is one of them.
    public var fitsPython = true
    /// Where its packages are.
    public var indexes = PackageIndexes()

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
        let text = String(decoding: source, as: UTF8.self)
        guard let start = text.firstRange(of: "# /// script") else { return ScriptMetadata() }
        let block = String(text[start.lowerBound...].prefix(Self.blockLimit))
        return try await metadata("script", block, named: name, with: interpreter())
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
        let text = String(decoding: source.prefix(Self.blockLimit), as: UTF8.self)
        return try await metadata("project", text, named: file.path, with: interpreter)
    }

    /// What fits into one argument of a program: 128 KiB on Linux, less four bytes a character.
    private static let blockLimit = 32_000

    private struct Answer: Codable {
        var metadata: ScriptMetadata?
        var error: String?
    }

    private func metadata(
        _ kind: String,
        _ text: String,
        named name: String,
        with interpreter: PythonInterpreterInfo
    ) async throws -> ScriptMetadata {
        let parts = ["amaru metadata 1", interpreter.version, kind, text]
        let key = SHA256.hex(parts.joined(separator: "\n").utf8)
        let folder = cacheFolder.appending(path: "metadata")
        let file = folder.appending(path: "\(key.prefix(32)).json")
        let answer: Answer
        if let known = FileManager.default.contents(atPath: file.path),
            let decoded = try? JSONDecoder().decode(Answer.self, from: known)
        {
            answer = decoded
        } else {
            answer = try await read(kind, text, named: name, with: interpreter)
            // A cache that cannot be written is no reason not to run.
            try? DurableFile.makeFolder(folder)
            try? JSONEncoder().encode(answer).write(to: file, options: .atomic)
        }
        guard let metadata = answer.metadata else {
            throw Self.unreadable(name, answer.error ?? "it is not known why")
        }
        return metadata
    }

    private func read(
        _ kind: String,
        _ text: String,
        named name: String,
        with interpreter: PythonInterpreterInfo
    ) async throws -> Answer {
        do {
            let child = try ChildProcess(
                executable: interpreter.path,
                arguments: ["-I", "-S", "-c", Self.reader, kind, text],
                environment: environment,
                standardError: .merged
            )
            let output = await child.standardOutput.reduce(into: "") { $0 += $1 }
            _ = try await child.exitStatus()
            return try JSONDecoder().decode(Answer.self, from: Data(output.utf8))
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

    /// Prints what a text says, or why that cannot be told, as JSON.
    private static let reader = """
        import json, platform, re, sys, tomllib

        BLOCK = r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\\s(?P<content>(^#(| .*)$\\s)+)^# ///$"

        def content(text):
            text = text.replace("\\r\\n", "\\n")
            found = [m["content"] for m in re.finditer(BLOCK, text) if m["type"] == "script"]
            if len(found) > 1:
                raise ValueError("there are several blocks of the type script")
            if not found:
                raise ValueError("the block has no end; it is a line `# ///`")
            return "".join(
                line[2:] if line.startswith("# ") else line[1:]
                for line in found[0].splitlines(keepends=True)
            )

        def strings(value, name):
            if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
                raise ValueError(f"{name} is no list of strings")
            return value

        def fits(specifier):
            own = [int(part) for part in re.findall(r"\\d+", platform.python_version())[:3]]
            for one in filter(None, map(str.strip, specifier.split(","))):
                match = re.fullmatch(r"(~=|===?|!=|<=|>=|<|>)\\s*(\\d+(?:\\.\\d+)*)(\\.\\*)?", one)
                if match is None:
                    raise ValueError(f"requires-python = {specifier!r} is no list of versions")
                sign, release, star = match.groups()
                wanted = [int(part) for part in release.split(".")]
                cut = own[: len(wanted)] if star else own
                size = max(len(cut), len(wanted))
                left = cut + [0] * (size - len(cut))
                right = wanted + [0] * (size - len(wanted))
                good = {
                    "==": left == right, "===": left == right, "!=": left != right,
                    "<=": left <= right, ">=": left >= right, "<": left < right,
                    ">": left > right,
                    "~=": left >= right and own[: len(wanted) - 1] == wanted[:-1],
                }[sign]
                if not good:
                    return False
            return True

        def metadata(kind, text):
            table = tomllib.loads(content(text) if kind == "script" else text)
            needs = table if kind == "script" else table.get("project", {})
            python = needs.get("requires-python")
            if python is not None and not isinstance(python, str):
                raise ValueError("requires-python is no string")
            uv = table.get("tool", {}).get("uv", {})
            main, extra = uv.get("index-url"), strings(uv.get("extra-index-url", []), "extra-index-url")
            for index in uv.get("index", []):
                if index.get("explicit"):
                    continue
                if index.get("default"):
                    main = index["url"]
                else:
                    extra = [*extra, index["url"]]
            return {
                "dependencies": strings(needs.get("dependencies", []), "dependencies"),
                "requiresPython": python,
                "fitsPython": python is None or fits(python),
                "indexes": {"main": main, "extra": extra},
            }

        try:
            answer = {"metadata": metadata(*sys.argv[1:])}
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            answer = {"error": str(exc) or type(exc).__name__}
        print(json.dumps(answer))
        """
}
