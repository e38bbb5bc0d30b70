// A reader of a turn's log that writes it to the store while the answer streams.
// SPDX-License-Identifier: Apache-2.0

package import AmaruChat
package import AmaruEnvironment
package import AmaruHTTP

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Writes turns down as they stream, several times a second, without delaying anybody.
package struct TurnRecorder: Sendable {
    /// From this size of a piece on, in bytes, no more is waited for: the turn is fast, and its log
    /// keeps only so much for a reader that is late.
    private static let large = 4096

    private let writer: StoreWriter
    private let vault: SecretVault

    /// Makes a recorder.
    ///
    /// - `vault`: The keys that are overwritten in all that is written.
    package init(_ writer: StoreWriter, vault: SecretVault) {
        self.writer = writer
        self.vault = vault
    }

    /// Seconds since 1970.
    package static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Writes a turn down, from now to its end.
    ///
    /// - `model`: The model that has answered, asked for at the end.
    /// - `ended`: Set by the caller when the turn has ended, so that its rest is written at once.
    /// - `time`: When it ended, asked for at the end.
    /// - Returns: A task that ends when all is written.
    package func record(
        _ turn: Turn,
        as stored: StoredTurn,
        in conversation: Conversation,
        model: @escaping @Sendable () -> String?,
        until ended: AsyncValue<Void>,
        at time: @escaping @Sendable () -> Double = { Self.now }
    ) -> Task<Void, Never> {
        let first = cleaned(stored)
        if !writer.isShared {
            let conversation = cleaned(conversation)
            writer.add(of: first.id) { store throws(StoreError) in
                try store.begin(first, in: conversation)
            }
        }
        let viewer = turn.viewer()
        return Task.detached { [self] in
            var log = RecordedLog(vault: vault)
            var events = viewer.makeAsyncIterator()
            // Failures of the turn are its end, which is asked for below.
            while !writer.hasFailed, let batch = try? await events.nextBatch() {
                let entries = log.entries(for: batch)
                let id = first.id
                try? await writer.add(of: id) { store throws(StoreError) in
                    try store.append(entries, to: id)
                }.wait()
                let size = entries.reduce(0) { $0 + $1.data.utf8.count }
                if size < Self.large { await pause(until: ended) }
            }
            let end = turn.end ?? .cancelled
            await finish(first.id, as: end, at: time(), model() ?? first.model, &log)
        }
    }

    /// Adds a turn to a shared store, in which another server may be faster, before it is opened.
    ///
    /// - Throws: Why that cannot be done now; a turn that may have been added is taken back.
    package func reserve(
        _ stored: StoredTurn,
        in conversation: Conversation,
        isNext: Bool
    ) async throws(StoreError) -> Reservation {
        let (first, conversation) = (cleaned(stored), cleaned(conversation))
        do {
            return try await writer.perform { store throws(StoreError) in
                try store.reserve(first, in: conversation, isNext: isNext)
            }
        } catch {
            withdraw(stored, from: conversation)
            throw error
        }
    }

    /// Takes back a turn that could not be opened.
    package func withdraw(_ stored: StoredTurn, from conversation: Conversation) {
        writer.add { store throws(StoreError) in
            try store.withdraw(stored, from: conversation.id)
        }
    }

    /// Changes the system prompt that a conversation goes on with.
    package func setSystem(of conversation: String, to system: String) {
        let clean = TextRedactor.clean(system, of: vault)
        writer.add { store throws(StoreError) in
            try store.setSystem(of: conversation, to: clean)
        }
    }

    private func cleaned(_ conversation: Conversation) -> Conversation {
        var conversation = conversation
        conversation.title = TextRedactor.clean(conversation.title, of: vault)
        conversation.system = TextRedactor.clean(conversation.system, of: vault)
        return conversation
    }

    private func cleaned(_ stored: StoredTurn) -> StoredTurn {
        var first = StoredTurn(
            id: stored.id,
            parent: stored.parent,
            question: TextRedactor.clean(stored.question, of: vault),
            model: stored.model,
            at: stored.started
        )
        first.request = stored.request
        first.server = stored.server
        first.files = stored.files.map { $0.cleaned(of: vault) }
        return first
    }

    private func finish(
        _ id: Int64,
        as end: TurnEnd,
        at time: Double,
        _ model: String,
        _ log: inout RecordedLog
    ) async {
        let rest = log.end()
        let (state, reason) = Self.state(of: end)
        let words = TextRedactor.clean(reason, of: vault)
        let usage = log.usage
        try? await writer.add(of: id) { store throws(StoreError) in
            if !rest.isEmpty { try store.append(rest, to: id) }
            try store.end(
                id,
                as: state,
                reason: words,
                model: model,
                usage: usage,
                at: time
            )
        }.wait()
    }

    /// The code of the failure of a turn that its process has given up, in order.
    package static let interruption = "interrupted"

    /// How an end is kept, and with what reason.
    package static func state(of end: TurnEnd) -> (StoredTurn.State, String) {
        switch end {
        case .failed(let failure) where failure.code == interruption: (.interrupted, "")
        case .finished(let reason): (.finished, reason)
        case .cancelled: (.stopped, "")
        case .failed(let failure): (.failed, "\(failure)")
        case .exited(let code): (.stopped, "the script ended the program with \(code)")
        }
    }

    private func pause(until ended: AsyncValue<Void>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await ended.wait() }
            group.addTask { try? await Task.sleep(for: writer.pace) }
            await group.next()
            group.cancelAll()
        }
    }
}

extension StoredFile {
    /// The file without secrets; one that is no text, and holds a key, is not kept.
    fileprivate func cleaned(of vault: SecretVault) -> StoredFile {
        let name = TextRedactor.clean(name, of: vault)
        guard let bytes else {
            return StoredFile(id: id, name: name, mediaType: mediaType, size: size, bytes: nil)
        }
        let text = String(validating: bytes, as: UTF8.self)
        let isHeld = vault.holdsKey(text ?? String(decoding: bytes, as: UTF8.self))
        let kept = isHeld ? text.map { Array(TextRedactor.clean($0, of: vault).utf8) } : bytes
        return StoredFile(id: id, name: name, mediaType: mediaType, size: size, bytes: kept)
    }
}
