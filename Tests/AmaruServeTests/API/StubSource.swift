// A source of turns without Python.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment

@testable import AmaruChat
@testable import AmaruServe

/// Hands out turns that the test writes.
final class StubSource: TurnSource {
    private struct State {
        var opened: [(question: ServedQuestion, turn: Turn)] = []
        var waiting: [AsyncValue<Turn>] = []
        var isBusy = false
        var cancels = 0
    }

    private let state = Lock(State())
    private let reads: Bool
    private let answer: @Sendable (Turn) -> Void

    /// Creates a source.
    ///
    /// - Parameters:
    ///   - reads: Whether the script is one that reads requests.
    ///   - answer: Called with each turn as it is opened.
    init(reads: Bool = true, answer: @escaping @Sendable (Turn) -> Void = { _ in }) {
        self.reads = reads
        self.answer = answer
    }

    var isBusy: Bool {
        get { state.withLock { $0.isBusy } }
        set { state.withLock { $0.isBusy = newValue } }
    }
    var opened: [(question: ServedQuestion, turn: Turn)] { state.withLock { $0.opened } }
    var cancels: Int { state.withLock { $0.cancels } }

    func open(_ question: ServedQuestion, owner: String) async throws -> Turn {
        if isBusy { throw HubError.busy }
        let turn = Turn(
            attachments: question.attachments,
            question: Turn.Question(request: question.request),
            onCancel: { [weak self] _ in self?.state.withLock { $0.cancels += 1 } }
        )
        answer(turn)
        let waiting = state.withLock { state in
            state.opened.append((question, turn))
            defer { state.waiting = [] }
            return state.waiting
        }
        for value in waiting { value.set(turn) }
        return turn
    }

    func readsRequests() async -> Bool { reads }

    /// The first turn, once there is one.
    func turn() async throws -> Turn {
        let value = AsyncValue<Turn>()
        let first = state.withLock { state in
            if state.opened.isEmpty { state.waiting.append(value) }
            return state.opened.first?.turn
        }
        if let first { return first }
        return try await value.wait()
    }
}
