// What the program keeps of the lines that the user enters.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import Dispatch

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The files of the chat's and of the Python session's lines.
///
/// They are written on a queue of their own: a slow disk holds up nobody who types. What fails is
/// said once; the chat goes on without.
final class InputHistory: Sendable {
    private struct State {
        var loaded: Set<LineKind> = []
        var last: [LineKind: String] = [:]
        var hasFailed = false
    }

    private let folder: URL?
    private let isSecret: @Sendable (String) -> Bool
    private let report: @Sendable (String) -> Void
    private let queue = DispatchQueue(label: "amaru.history")
    private let state = Lock(State())

    /// Describes the history; nothing is read yet.
    ///
    /// - `folder`: Where its files are; nil for no files.
    /// - `isSecret`: Whether a line holds a key, and so is not kept.
    /// - `report`: Says a failure to the user.
    init(
        folder: URL?,
        isSecret: @escaping @Sendable (String) -> Bool,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.folder = folder
        self.isSecret = isSecret
        self.report = report
    }

    /// The lines of earlier sessions, at the first call for a kind; later none.
    func load(_ kind: LineKind) -> [String] {
        let isFirst = state.withLock { $0.loaded.insert(kind).inserted }
        guard isFirst, let file = file(of: kind) else { return [] }
        do {
            let lines = try file.load()
            state.withLock { $0.last[kind] = lines.last }
            return lines
        } catch {
            failed("earlier lines are not there", error)
            return []
        }
    }

    /// Keeps a line, unless it is blank, begins with a blank, or holds a key.
    func append(_ line: String, as kind: LineKind) {
        guard let file = file(of: kind), LineHistory.isKept(line), !isSecret(line) else { return }
        let isNew = state.withLock { state in
            guard !state.hasFailed, state.last[kind] != line else { return false }
            state.last[kind] = line
            return true
        }
        guard isNew else { return }
        queue.async { [self] in
            do {
                if let folder { try DurableFile.makeFolder(folder) }
                try file.append(line)
            } catch {
                failed("the lines that you enter are not kept", error)
            }
        }
    }

    /// Blocks until all is written, at most for a while.
    func drain(within seconds: Double) {
        let done = DispatchSemaphore(value: 0)
        queue.async { done.signal() }
        _ = done.wait(timeout: .now() + seconds)
    }

    private func file(of kind: LineKind) -> HistoryFile? {
        guard let folder else { return nil }
        switch kind {
        case .message: return HistoryFile(path: folder.appending(path: "chat_history").path)
        case .source: return HistoryFile(path: folder.appending(path: "repl_history").path)
        // What a script asks for is its own affair, and may be a secret.
        case .input: return nil
        }
    }

    private func failed(_ what: String, _ error: any Error) {
        let isFirst = state.withLock { state in
            defer { state.hasFailed = true }
            return !state.hasFailed
        }
        if isFirst { report("\(what): \(error)") }
    }
}
