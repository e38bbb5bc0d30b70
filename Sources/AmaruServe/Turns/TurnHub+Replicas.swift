// Turns of the other servers that share the store.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruStore

extension TurnHub {
    /// Begins to answer with the other servers of a shared store.
    ///
    /// - Throws: `PosixError` if no thread can be started.
    package func join() throws {
        try configuration.replica?.start(
            Replica.Handler(
                stop: { [weak self] id in Task { [weak self] in await self?.stopOwn(id) } },
                remove: { [weak self] id in Task { [weak self] in await self?.removeOwn(id) } },
                resume: { [weak self] in Task { [weak self] in await self?.dropRemoved() } }
            )
        )
    }

    private func stopOwn(_ id: Int64) { own(id)?.turn.cancel() }

    private func removeOwn(_ id: Int64) {
        guard let turn = own(id) else { return }
        turn.turn.cancel()
        forget(id)
    }

    /// Drops the turns that were removed while nothing was heard of the other servers.
    private func dropRemoved() async {
        let own = live.values.filter { !$0.isMirror }.map(\.id)
        let found = try? await read { store throws(StoreError) in try store.remaining(of: own) }
        guard let found else { return }
        for id in own where !found.contains(id) { removeOwn(id) }
    }

    /// A turn that this server has opened.
    func own(_ id: Int64) -> LiveTurn? { live[id].flatMap { $0.isMirror ? nil : $0 } }

    /// Adds a turn to the shared store.
    ///
    /// - Returns: Its number, or that of the turn which the request has already; nil if the
    ///   conversation's head has moved, or has not ended.
    func reserve(
        _ stored: StoredTurn,
        in conversation: Conversation,
        _ isNext: Bool,
        _ recorder: TurnRecorder
    ) async throws(HubError) -> Int64? {
        let outcome: Reservation
        do throws(StoreError) {
            outcome = try await recorder.reserve(stored, in: conversation, isNext: isNext)
        } catch {
            throw .unavailable
        }
        switch outcome {
        case .begun: return stored.id
        case .known(let id): return id
        case .moved, .answered: return nil
        case .unknown: throw .unknown
        }
    }

    /// A turn of another server, as one whose log is here.
    func mirror(
        _ stored: StoredTurn,
        in conversation: String,
        owner: String,
        _ replica: Replica
    ) async throws(HubError) -> LiveTurn {
        let id = stored.id
        let log = try await read { store throws(StoreError) in try store.log(of: id) } ?? []
        if let known = live[id] { return known }
        let name = stored.request.map { String($0.dropFirst(conversation.count + 1)) } ?? ""
        let opened = LiveTurn(
            stored,
            .remote(isOwned: false),
            in: conversation,
            RequestKey(owner: owner, conversation: conversation, name: name),
            isMirror: true
        )
        opened.take(.log(log))
        live[id] = opened
        replica.follow(id, from: (log.last?.seq ?? -1) + 1) { [weak self] news in
            opened.take(news)
            if case .log = news { return }
            // From here on it is read in the store.
            Task { [weak self] in await self?.close(opened) }
        }
        return opened
    }

    private func close(_ mirror: LiveTurn) {
        if live[mirror.id] === mirror { live[mirror.id] = nil }
    }

    // MARK: The store

    /// Asks the store, if there is one that works.
    ///
    /// - Throws: ``HubError`` if it is shared and does not answer: nothing else knows then.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (ConversationStore) throws(StoreError) -> Value
    ) async throws(HubError) -> Value? {
        guard let store else { return nil }
        guard store.isShared else { return await store.read(body) }
        do throws(StoreError) { return try await store.perform(body) } catch {
            throw .unavailable
        }
    }

    /// Changes the store; waits for that if it is shared.
    ///
    /// - Throws: ``HubError`` if it is shared and does not answer.
    func write(_ job: @escaping StoreWriter.Job) async throws(HubError) {
        if store?.isShared == true { _ = try await read(job) } else { store?.add(job) }
    }

    /// Keeps a conversation in memory, unless other servers may change it.
    func keep(_ whole: WholeConversation) {
        if store?.isShared != true { shelf.put(whole) }
    }
}
