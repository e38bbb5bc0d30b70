// Gets a key from where the user keeps it.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension ProviderKey {
    /// Why there is no key where one should be.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// How long a key's program may take; it may have to ask for a passphrase.
    static let patience = Duration.seconds(60)

    /// Reads the key from a file, a program, or the stored ones; nil if the user must be asked.
    ///
    /// - Throws: `Failure` or `PrivateFile.Failure`, which name the source and never show what it
    ///   holds; `CancellationError`.
    func read(_ stored: KeyFolder, variables: [String: String]) async throws -> String? {
        switch source {
        case .command(let words):
            return try await output(of: words, variables)
        case .file(let path):
            let place = Self.expanded(path, variables)
            guard let key = try PrivateFile.secret(at: place) else {
                throw Failure(
                    description: "The key of \(name) is to be in \(place), and there is no such "
                        + "file: write it there, with mode 600, or change key.file."
                )
            }
            return key
        case .variable, nil:
            return try stored.key(of: name)
        case .prompt, .unneeded:
            return nil
        }
    }

    /// Whether the key can be had without asking the user.
    func isStored(in folder: KeyFolder) -> Bool {
        switch source {
        case .command, .file: true
        case .variable, nil: folder.has(name)
        case .prompt, .unneeded: false
        }
    }

    private static func expanded(_ path: String, _ variables: [String: String]) -> String {
        guard path.hasPrefix("~/"), let home = variables["HOME"] else { return path }
        return home + path.dropFirst()
    }

    /// The first line that a program prints.
    private func output(of words: [String], _ variables: [String: String]) async throws -> String {
        let failure = { (what: String) in
            Failure(
                description: "The command for the key of \(name) \(what): run it yourself to see "
                    + "why; amaru config edit changes it."
            )
        }
        let isPath = words[0].hasPrefix("/")
        let child: ChildProcess
        do {
            child = try ChildProcess(
                executable: isPath ? words[0] : "/usr/bin/env",
                arguments: isPath ? Array(words.dropFirst()) : words,
                environment: variables
            )
        } catch {
            throw failure("cannot be started")
        }
        let result = try await withThrowingTaskGroup(of: Printed?.self) { group in
            group.addTask { try await Self.printed(by: child) }
            group.addTask {
                try await Task.sleep(for: Self.patience)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let result else { throw failure("took longer than \(Self.patience / .seconds(1)) s") }
        guard result.status == .exited(0) else { throw failure("failed (\(result.status))") }
        guard let line = result.line else { throw failure("printed nothing") }
        guard result.count <= Self.most, line.utf8.count < PrivateFile.bound else {
            throw failure("printed more than a key")
        }
        return line
    }

    private struct Printed: Sendable {
        var line: String?
        var count = 0
        var status = ExitStatus.exited(0)
    }

    /// The most lines that a key's program may print; those after the first are notes.
    private static let most = 1000

    /// Reads what a program prints, and ends it if that is too much, or the task is cancelled.
    private static func printed(by child: ChildProcess) async throws -> Printed {
        var result = Printed()
        for await line in child.standardOutput {
            result.line = result.line ?? line
            result.count += 1
            if result.count > most { break }
        }
        if Task.isCancelled || result.count > most {
            await child.terminate(grace: .seconds(1))
            return result
        }
        do {
            result.status = try await child.exitStatus()
        } catch {
            await child.terminate(grace: .seconds(1))
            throw error
        }
        return result
    }
}
