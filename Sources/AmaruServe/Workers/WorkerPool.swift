// Several processes, each with an interpreter, behind one server.
// SPDX-License-Identifier: Apache-2.0

import Amaru
package import AmaruChat
import AmaruEnvironment

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Has messages answered by worker processes, each conversation by one of them.
///
/// One interpreter takes one core. A script's names live with its conversation, so that the
/// conversation stays where it is; what belongs to none goes where the fewest turns are open.
///
/// The first worker is started alone, so that a script that does not start says so once, and its
/// packages are installed once. A worker that ends takes its turns with it, and is started again,
/// after a growing delay; so is one that sends no sign of life, as when it was stopped by a signal.
/// When none starts any more, the pool has ended.
package final class WorkerPool: ChatBackend {
    /// The parts of a pool.
    package struct Configuration: Sendable {
        /// How many workers there are.
        package var count: Int
        /// How many messages one worker takes.
        package var limits: TurnLimits
        /// What each worker runs, with the variables that have keys.
        package var start: WorkerStart
        /// The key that is in no variable, once it is known.
        package var key: @Sendable () -> String?
        /// Starts a process whose socket is read: it calls its argument with each line.
        package var launch: @Sendable (@escaping WorkerProcess.OnLine) throws -> WorkerProcess
        /// How long to wait before a worker is started that has ended so often in quick succession.
        var delay: @Sendable (Int) -> Duration = { WorkerPool.delay($0) }
        /// How often a worker is asked for a sign of life.
        var heartbeat = Duration.seconds(10)

        package init(
            count: Int,
            limits: TurnLimits,
            start: WorkerStart = WorkerStart(),
            key: @escaping @Sendable () -> String? = { nil },
            launch: @escaping @Sendable (@escaping WorkerProcess.OnLine) throws -> WorkerProcess
        ) {
            (self.count, self.limits, self.start) = (count, limits, start)
            (self.key, self.launch) = (key, launch)
        }
    }

    private struct State {
        var slots: WorkerSlots
        var nextTurn = WorkerReport.background + 1
        var restarts = 0
        var tasks: [Task<Void, Never>] = []
        /// The workers that have sent something since they were asked for a sign of life.
        var heard: Set<Int> = []
    }

    package let background = Turn.remote(isOwned: false)

    private let configuration: Configuration
    private let state: Lock<State>
    private let offer = AsyncValue<Result<WorkerOffer, any Error>>()

    /// A worker that has run for so long has not ended in quick succession.
    private static let steady = Duration.seconds(10)
    /// How long a worker that has closed its socket may take to end.
    private static let grace = Duration.seconds(2)
    /// How many signs of life in a row a worker may miss.
    ///
    /// More than none: a machine that was asleep has passed the time for the first.
    private static let missable = 2

    /// Describes a pool; no process is started yet.
    package init(_ configuration: Configuration) {
        self.configuration = configuration
        let limit = configuration.limits.open + configuration.limits.waiting
        state = Lock(State(slots: WorkerSlots(count: configuration.count, limit: limit)))
    }

    package var model: String? { try? offer.current?.get().model }
    /// How many workers answer.
    package var ready: Int { state.withLock { $0.slots.ready } }
    /// How often a worker was started again.
    package var restarts: Int { state.withLock { $0.restarts } }

    package func start() async throws -> ChatSession.Offer {
        state.withLock { state in
            guard state.tasks.isEmpty else { return }
            state.slots.use(0)
            keep([0], &state)
        }
        return .chat(takesKey: try await offer.wait().get().takesKey)
    }

    package func readsRequests() async -> Bool {
        (try? await offer.wait().get().readsRequests) ?? false
    }

    // MARK: Turns

    package func send(_ question: ServedQuestion, key _: String, in conversation: String?) -> Turn {
        let id = state.withLock { state in
            defer { state.nextTurn += 1 }
            return state.nextTurn
        }
        let turn = Turn.remote(attachments: question.attachments) { [weak self] _ in
            guard let self else { return }
            let process = state.withLock { $0.slots.cancel(id) }
            process?.socket.send(WorkerCommand.cancel(turn: id))
        }
        let message = WorkerSlots.Message(id: id, turn: turn, question: question)
        // Not the placeholder of this process: each has its own.
        let key = configuration.key()
        let refusal: TurnEnd? = state.withLock { state in
            switch state.slots.add(message, in: conversation, key: key != nil) {
            case .send(let process, let needsKey):
                // Under the lock, so that what is sent has the order of what is noted.
                if needsKey, let key { process.socket.send(WorkerCommand.key(key)) }
                Self.send(message, to: process)
                return nil
            case .waits: return nil
            case .refused(let end): return end
            }
        }
        if let refusal { turn.end(refusal) }
        return turn
    }

    private static func send(_ message: WorkerSlots.Message, to process: WorkerProcess) {
        let turn = message.turn
        process.socket.send(WorkerCommand.send(turn: message.id, message.question)) {
            turn.cancel(because: tooLarge)
        }
    }

    private static let tooLarge = ChatFailure(
        code: "too_long",
        message: "the conversation is too long to be handed to a worker",
        remedy: "begin a new one"
    )

    // MARK: What workers tell

    private func take(_ line: Data, from index: Int, _ socket: LineSocket) {
        guard let report = try? JSONDecoder().decode(WorkerReport.self, from: line) else {
            return socket.close()
        }
        state.withLock { _ = $0.heard.insert(index) }
        switch report {
        case .pong: break
        case .ready(let made):
            state.withLock { keep($0.slots.isReady(index), &$0) }
            offer.set(.success(made))
        case .failed(let failure):
            state.withLock { $0.slots.failed(index, failure) }
        case .events(WorkerReport.background, let events):
            add(events, to: background, WorkerReport.background, socket)
        case .events(let id, let events):
            let turn = state.withLock { state in
                // A script that answers has started, although its worker may be about to say so.
                if events.contains(where: \.isAnswer) {
                    keep(state.slots.isReady(index), &state)
                }
                return state.slots.turn(id, of: index)
            }
            if let turn { add(events, to: turn, id, socket) }
        case .end(WorkerReport.background, let end):
            state.withLock { $0.slots.scriptEnded(index, end) }
        case .end(let id, let end):
            state.withLock { $0.slots.finish(id, of: index) }?.end(end)
        }
    }

    private func add(_ events: [TurnEvent], to turn: Turn, _ id: Int, _ socket: LineSocket) {
        do throws(ChatFailure) {
            for event in events { try turn.add(event) }
        } catch {
            turn.cancel(because: error)
        }
        let bytes = events.reduce(0) { $0 + $1.size }
        Task {
            await turn.drain()
            socket.send(WorkerCommand.taken(turn: id, bytes: bytes))
        }
    }

    // MARK: Processes

    private func keep(_ slots: [Int], _ state: inout State) {
        for index in slots { state.tasks.append(Task { await keep(index) }) }
    }

    /// Has a worker at a slot, one process after another.
    private func keep(_ index: Int) async {
        var deaths = 0
        while state.withLock({ $0.slots.end == nil }) {
            let birth = ContinuousClock.now
            let how = await runProcess(index)
            let lost = state.withLock { $0.slots.lost(index, how) }
            for turn in lost.turns { turn.end(.failed(lost.failure)) }
            if lost.isOver { end(.failed(lost.failure)) }
            guard state.withLock({ $0.slots.end == nil }) else { return }
            let wasSteady = lost.wasReady && ContinuousClock.now - birth > Self.steady
            deaths = wasSteady ? 0 : deaths + 1
            let delay = configuration.delay(deaths)
            let reason = lost.failure.message
            _ = try? background.add(
                .notice("amaru: worker \(index + 1) is started again: \(reason)")
            )
            try? await Task.sleep(for: delay)
            state.withLock { $0.restarts += 1 }
        }
    }

    /// Runs one process to its end, and returns what is known of that.
    private func runProcess(_ index: Int) async -> String {
        let process: WorkerProcess
        do {
            process = try configuration.launch { [weak self] line, socket in
                self?.take(line, from: index, socket)
            }
        } catch {
            return "\(error)"
        }
        let isWanted = state.withLock { state in
            var start = configuration.start
            // Not before: a message that waits may have come with a key.
            start.key = configuration.key()
            let waiting = state.slots.launched(process, at: index, hasKey: start.key != nil)
            process.socket.send(WorkerCommand.begin(start))
            for message in waiting ?? [] { Self.send(message, to: process) }
            return waiting != nil
        }
        if !isWanted { process.kill() }
        let watch = Task {
            try await process.socket.ended.wait()
            try await Task.sleep(for: Self.grace)
            process.kill()
        }
        let silence = Task {
            try await waitForSilence(of: process, at: index)
            process.kill()
        }
        var how = await process.end()
        watch.cancel()
        silence.cancel()
        if case .success = await silence.result { how = "it sent no sign of life" }
        // A child that it has left may hold its end of the socket.
        process.socket.close()
        await process.socket.ended.waitRegardlessOfCancellation()
        return how
    }

    /// Waits until a process has missed too many signs of life.
    private func waitForSilence(of process: WorkerProcess, at index: Int) async throws {
        var missed = 0
        while missed <= Self.missable {
            state.withLock { _ = $0.heard.remove(index) }
            process.socket.send(WorkerCommand.ping)
            try await Task.sleep(for: configuration.heartbeat)
            missed = state.withLock { $0.heard.contains(index) } ? 0 : missed + 1
        }
    }

    /// The time that doubles from a tenth of a second to half a minute.
    static func delay(_ deaths: Int) -> Duration {
        deaths == 0 ? .zero : min(.milliseconds(100) * (1 << min(deaths - 1, 9)), .seconds(30))
    }

    // MARK: End

    /// Ends the pool, and what belongs to it.
    private func end(_ end: TurnEnd) {
        let turns = state.withLock { $0.slots.finish(end) }
        background.end(end)
        for turn in turns { turn.end(end) }
        if case .failed(let failure) = end { offer.set(.failure(failure)) }
    }

    package func shutDown(grace: Duration) async {
        end(.cancelled)
        offer.set(.failure(CancellationError()))
        let (tasks, processes) = state.withLock { ($0.tasks, $0.slots.processes) }
        for task in tasks { task.cancel() }
        for process in processes { process.socket.finish() }
        let killing = Task {
            try await Task.sleep(for: grace)
            for process in processes { process.kill() }
        }
        for task in tasks { await task.value }
        killing.cancel()
    }
}

extension TurnEvent {
    /// Whether only a script that has started sends it.
    fileprivate var isAnswer: Bool {
        switch self {
        case .text, .display: true
        default: false
        }
    }
}
