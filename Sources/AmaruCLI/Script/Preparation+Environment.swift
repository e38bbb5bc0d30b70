// The environment that a chat runs in: a given one, a locked one, or one made for what is needed.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruEnvironment
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Program {
    /// The environment of a script of the user's, or nil if it needs no package.
    ///
    /// As with `uv run`, an active environment is for scripts that name no packages.
    ///
    /// - Throws: `EnvironmentError`, `ValidationError`.
    func environment(of script: ChatScript) async throws -> PythonEnvironment? {
        let own = try await script.needs(builder)
        var needs = own
        needs.dependencies = options.packages + own.dependencies
        let files = options.withRequirements + script.requirementFiles
        if options.venv == nil {
            if let locked = try await lockedEnvironment(of: script, own) { return locked }
            if needs.dependencies.isEmpty, files.isEmpty, let active = try await activeEnvironment()
            {
                return active
            }
        }
        return try await environment(for: needs, files: files)
    }

    /// Returns the environment that has what is needed, or nil if no package is.
    func environment(
        for needs: ScriptMetadata,
        files: [String] = []
    ) async throws -> PythonEnvironment? {
        let isEmpty = needs.dependencies.isEmpty && files.isEmpty
        if isEmpty, options.venv == nil {
            // A name that leads nowhere is an error although nothing is made with it.
            if options.python != nil { _ = try interpreter() }
            return nil
        }
        let request = EnvironmentRequest(needs, files: files, interpreter: try interpreter())
        if let given = try givenEnvironment() {
            try await builder.check(given, meets: request)
            return given
        }
        return try await builder.environment(for: request, progress: screen.progress)
    }

    // MARK: Environments that are there

    /// The environment that `--venv` names.
    private func givenEnvironment() throws -> PythonEnvironment? {
        guard let path = options.venv else { return nil }
        let root = URL(filePath: path, directoryHint: .isDirectory).absoluteURL
        try LinkedPython.checkEnvironment(root.path)
        return PythonEnvironment(root: root)
    }

    /// The environment that the user's shell has activated, if it fits this program.
    private func activeEnvironment() async throws -> PythonEnvironment? {
        guard options.python == nil, let path = variables["VIRTUAL_ENV"], !path.isEmpty else {
            return nil
        }
        do {
            try LinkedPython.checkEnvironment(path)
        } catch {
            await screen.notice("VIRTUAL_ENV is not used: \(error)")
            return nil
        }
        return PythonEnvironment(root: URL(filePath: path, directoryHint: .isDirectory))
    }

    // MARK: Locks

    /// The environment of the script's lock; nil without one that is up to date.
    private func lockedEnvironment(
        of script: ChatScript,
        _ needs: ScriptMetadata
    ) async throws -> PythonEnvironment? {
        guard let file = script.lockFile else {
            guard options.locked else { return nil }
            throw ValidationError("--locked is for a script or a folder that is named by its path.")
        }
        guard FileManager.default.fileExists(atPath: file.path) else {
            let isEmpty = needs.dependencies.isEmpty && script.requirementFiles.isEmpty
            guard options.locked, !isEmpty else { return nil }
            throw ValidationError(
                "--locked: there is no \(file.path). Make it with `amaru env lock`."
            )
        }
        let interpreter = try interpreter()
        let request = script.request(for: needs, interpreter)
        let lock = try await builder.lock(at: file, for: request)
        let added = options.withRequirements.isEmpty ? nil : "--with-requirements asks for more"
        if let reason = lock.stale ?? added {
            let words = "\(file.path) is stale: \(reason)"
            let maker = lock.maker.map { "\($0), or with " } ?? ""
            guard !options.locked else {
                throw ValidationError("\(words). Make it again with \(maker)`amaru env lock`.")
            }
            await screen.notice("\(words): the packages are resolved again. See `amaru env lock`.")
            return nil
        }
        let made = try await builder.environment(
            for: lock,
            with: interpreter,
            progress: screen.progress
        )
        if options.packages.isEmpty { return made }
        var change = EnvironmentChange()
        change.base = made.root.path
        change.requirements = options.packages
        return try await builder.environment(
            after: change,
            with: interpreter,
            progress: screen.progress
        )
    }

    // MARK: The interpreter

    /// The interpreter that makes environments: only the linked one can.
    func interpreter() throws -> PythonInterpreterInfo {
        let own = try PythonInterpreterInfo.linked
        guard let path = options.python, !own.isNamed(by: path) else { return own }
        try refuseEnvironment(at: path)
        let targets = Set(
            [path, own.path].map { URL(filePath: $0).resolvingSymlinksInPath().path }
        )
        guard targets.count == 1 else {
            let isProgram = FileManager.default.isExecutableFile(atPath: path)
            throw ValidationError(
                "--python \(path): "
                    + (isProgram ? "" : "there is no such interpreter. ")
                    + "This program is linked with CPython \(own.version), whose "
                    + "interpreter is \(own.path). Use that one, or --venv with an environment "
                    + "made by it."
            )
        }
        return PythonInterpreterInfo(path: path, version: own.version)
    }

    private func refuseEnvironment(at path: String) throws {
        let url = URL(filePath: path)
        let program = url.deletingLastPathComponent().deletingLastPathComponent()
        for root in [url, program]
        where FileManager.default.fileExists(atPath: root.appending(path: "pyvenv.cfg").path) {
            throw ValidationError(
                "--python \(path) is an environment: use it with --venv \(root.path)."
            )
        }
    }
}

extension ChatOptions {
    /// The packages of `--with`, which may name several between commas, as uv's does.
    var packages: [String] { with.flatMap(Self.requirements) }

    /// Takes a list apart: at commas before a name, and not between versions, extras or quotes.
    static func requirements(in list: String) -> [String] {
        var found = [""]
        var (depth, quote) = (0, Character?.none)
        var rest = list[...]
        while let character = rest.popFirst() {
            switch character {
            case "[", "(": depth += 1
            case "]", ")": depth -= 1
            case "\"", "'": quote = quote == nil ? character : quote == character ? nil : quote
            default: break
            }
            let next = rest.first { !$0.isWhitespace }
            let isName = next.map { $0.isLetter || $0.isNumber || "./".contains($0) } ?? true
            if character == ",", depth == 0, quote == nil, isName {
                found.append("")
            } else {
                found[found.count - 1].append(character)
            }
        }
        return found.count == 1 ? found : found.filter { !$0.allSatisfy(\.isWhitespace) }
    }
}

extension PythonInterpreterInfo {
    /// Whether a word such as `3.11` or `python3.11` names the interpreter's version.
    fileprivate func isNamed(by word: String) -> Bool {
        let wanted = word.hasPrefix("python") ? word.dropFirst("python".count) : word[...]
        return !wanted.isEmpty && "\(version).".hasPrefix("\(wanted).")
    }
}
