// One chat: a script in Python, its turns, its supervision.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
public import AmaruHTTP
import AmaruPython

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A chat whose conversation a Python script holds.
///
/// ```swift
/// let session = ChatSession(configuration)
/// guard case .chat = try await session.start() else { return }
/// for try await event in session.send("Hello") {
///     if case .text(let text) = event { print(text, terminator: "") }
/// }
/// ```
///
/// One message at a time: send the next one when the turn has ended. With other ``TurnLimits``
/// several are open at once, if each is sent with the history that it goes on from; those of a
/// script that does not end its turns itself, like the tutorial's, still wait for each other.
public final class ChatSession: Sendable {
    /// What the script turned out to be.
    public enum Offer: Sendable, Equatable {
        /// It converses, and takes a key with each message or not.
        case chat(takesKey: Bool)
        /// It has run, and that is all.
        case nothing
    }

    /// What the script shows between turns; ends with the script.
    public let background = Turn(isOwned: false)

    enum Phase { case starting, running, over }

    struct State {
        var phase = Phase.starting
        var startFailure: (any Error)?
        /// Whether somebody has begun the start.
        var hasBegun = false
        /// What the script runs in, once that is prepared.
        var configuration: ChatConfiguration?
        /// What was changed of its settings before.
        var changes: [@Sendable (inout ChatSettings) -> Void] = []
        var turns: OpenTurns
        /// What Python is made to stop, one after another.
        var stopping: Task<Void, Never>?
        /// The turns that the user has cancelled and Python has not stopped.
        var cancels = 0
        var deathsWithoutMessage = 0
        /// The plugin whose code runs; empty for none.
        var plugin = ""
        /// How often code of plugins has begun or ended.
        var pluginSteps = 0
        var isWatchingPlugins = false
        /// Whether each answer is a task of its own, with nothing in the background.
        var hasTasksOnly = false
        var marksEscapes = false
    }

    let limits: TurnLimits
    private let prepare: @Sendable () async throws -> ChatConfiguration
    let state: Lock<State>
    /// The task of the start, once it waits for something.
    private let starting = AsyncValue<Task<Offer, any Error>>()

    /// How often a script without turns of its own is observed.
    private static let watchInterval = Duration.milliseconds(50)
    /// When to observe a loop again that was about to run something.
    ///
    /// Coprime to the interval, so as not to stay in phase with a script that polls.
    private static let nextWatch = Duration.milliseconds(7)
    /// How long an installation may take to remove its files.
    private static let cleanUpLimit = Duration.seconds(10)

    /// Creates a chat whose parts are made when it starts; nothing runs yet.
    public init(
        limits: TurnLimits = TurnLimits(),
        preparing prepare: @escaping @Sendable () async throws -> ChatConfiguration
    ) {
        self.limits = limits
        self.prepare = prepare
        state = Lock(State(turns: OpenTurns(limits)))
    }

    /// Creates a chat; nothing runs yet.
    public convenience init(
        _ configuration: ChatConfiguration,
        limits: TurnLimits = TurnLimits()
    ) {
        self.init(limits: limits) { configuration }
    }

    var openTurns: [Turn] { state.withLock { $0.turns.all }.filter { $0.end == nil } }

    /// The turn that is open, or what stands in for one between turns, and while there are several.
    var openTurn: Turn {
        let open = openTurns
        return open.count == 1 ? open[0] : background
    }

    /// The turn in which Python code speaks that names none; for Python's threads.
    var speakingTurn: Turn {
        // What comes late must not turn up in the answer to somebody else.
        guard limits.isShared, let own = Self.turnOfContext() else { return openTurn }
        return own.end == nil ? own : background
    }

    /// The turn whose message the Python code answers that calls this, as far as is known.
    static func turnOfContext() -> Turn? {
        try? PythonActor.runBlocking { try Python.import("amaru._current").running() as Turn? }
    }

    /// What came of the script's latest exchange; nil if there was none.
    public var lastOutcome: HTTPOutcome? {
        state.withLock { $0.configuration }?.network.lastOutcome
    }

    /// The plugin whose code runs now; empty for none.
    public var runningPlugin: String { state.withLock { $0.plugin } }

    // MARK: Start

    /// Starts Python and runs the script until it offers something or has ended.
    ///
    /// A second call waits for the first and returns the same result. Cancelling the calling task
    /// cancels the start.
    ///
    /// - Throws: ``AmaruError`` when Python does not start; what the script raises.
    public func start() async throws -> Offer {
        let task = await startTask()
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private func startTask() async -> Task<Offer, any Error> {
        if let task = starting.current { return task }
        let isFirst = state.withLock { state in
            defer { state.hasBegun = true }
            return !state.hasBegun
        }
        guard isFirst else { return await starting.waitRegardlessOfCancellation() }
        // Here until it waits, which is for Python as a rule: another thread would first have to wake.
        let task = Task.immediate { try await startNow() }
        starting.set(task)
        return task
    }

    /// Cancels the start, if there is one.
    func cancelStart() {
        if let task = starting.current { return task.cancel() }
        guard state.withLock({ $0.hasBegun }) else { return }
        Task { await starting.waitRegardlessOfCancellation().cancel() }
    }

    /// Why the start has failed, if it has.
    public var startFailure: (any Error)? { state.withLock { $0.startFailure } }

    private func startNow() async throws -> Offer {
        do {
            let prepared = try await prepare()
            let configuration = state.withLock { state in
                let configuration = state.changes.reduce(into: prepared) { $1(&$0.settings) }
                state.configuration = configuration
                return configuration
            }
            var python = configuration.python
            python.onUnhandledError = { [weak self] exception in
                if self?.isStarting == true { return configuration.report(exception.traceback) }
                Task { [weak self] in await self?.scriptFailed(exception) }
            }
            python.onExitRequest = { [weak self] status in self?.exitRequested(status) }
            try Python.beginStart(python)
            try await abandonable { [python] in try await Python.start(python) }
            configuration.trace("python started")
            try await run(configuration.script, configuration)
            configuration.trace("script loaded")
            let offer: String = configuration.isForNames ? "" : try await Self.call("offer")
            if offer == "tasks" { try await finishTasks() }
            if offer.isEmpty || offer == "tasks" { return .nothing }
            // Made when it is looked up first: the class of what is delivered from now on.
            try await PythonActor.run { _ = try Python.import("_amaru_chat").Turn as PythonObject }
            // From here on a fault in the background is a death of the receiver, not the script's.
            state.withLock { state in
                if state.phase == .starting { state.phase = .running }
                state.hasTasksOnly = offer == "reply"
            }
            let _: PythonObject = try await Self.call("start")
            return .chat(takesKey: offer == "sender")
        } catch {
            state.withLock { if $0.phase != .over { ($0.phase, $0.startFailure) = (.over, error) } }
            throw error
        }
    }

    /// Waits for the tasks and timers that a script has left, as in a page.
    @PythonActor private func finishTasks() async throws {
        let left: PythonObject = try Python.import("amaru._pending").finish()
        _ = try await left.awaited()
    }

    // MARK: Turns

    /// Whether symbols show what is removed from the texts of turns to come.
    package var marksEscapes: Bool {
        get { state.withLock { $0.marksEscapes } }
        set { state.withLock { $0.marksEscapes = newValue } }
    }

    /// Sends a message to the script.
    ///
    /// - Parameters:
    ///   - text: The message.
    ///   - key: The placeholder that the script gets as its key.
    ///   - attachments: The files that go with it.
    ///   - history: What was said before; nil for what the script remembers.
    ///   - request: What a client of the chat-completions protocol has sent, if one asks.
    ///   - model: The model that is to answer, of those of the configuration; nil for its own.
    /// - Returns: The turn, at once.
    public func send(
        _ text: String,
        key: String = "",
        attachments: [Attachment] = [],
        after history: [ChatExchange]? = nil,
        request: ChatRequest? = nil,
        model: String? = nil
    ) -> Turn {
        let turn = Turn(
            attachments: attachments,
            question: Turn.Question(text: text, history: history, request: request),
            isForgetful: limits.isShared,
            model: model,
            marksEscapes: marksEscapes
        ) { [weak self] turn in
            self?.hasCancelled(turn)
        } onStep: { [weak self] in
            self?.state.withLock { $0.turns.advance() }.set(())
        }
        if !state.withLock({ $0.turns.add(turn) }) {
            turn.end(.failed(ChatFailure(code: "busy", message: busy)))
        } else if let end = background.end {
            turn.end(end)
        } else {
            Task { await deliver(turn, key) }
        }
        return turn
    }

    private var busy: String {
        limits.isShared
            ? "too many messages are waiting for an answer" : "another message is open"
    }

    private func deliver(_ turn: Turn, _ key: String) async {
        var hasStarted = false
        do {
            let offer = try await start()
            hasStarted = true
            guard case .chat = offer else { throw Self.offersNothing }
            while let obstacle = state.withLock({ $0.turns.obstacle(to: turn) }) {
                try await obstacle.wait()
            }
            // A script that is being stopped would lose the message.
            await state.withLock { $0.stopping }?.value
            try await hand(turn, key)
            await watch(turn)
        } catch let failure as ChatFailure where hasStarted {
            turn.end(.failed(failure))
        } catch let exception as PythonException where hasStarted {
            if let status = exception.exitStatus { return exitRequested(status) }
            turn.end(.failed(await failure(for: exception)))
        } catch {
            let code = hasStarted ? "internal" : "start"
            turn.end(.failed(ChatFailure(code: code, message: "\(error)", cause: error)))
        }
    }

    private static let offersNothing = ChatFailure(
        code: "script",
        message: "the script offers nothing that answers messages",
        remedy: "define sender_message_proxy(api_key, text), or mark a function with @amaru.reply"
    )

    @PythonActor
    private func hand(_ turn: Turn, _ key: String) throws {
        let limit = state.withLock { $0.configuration?.idleTimeout } ?? .zero
        // The user may have stopped it while Python was busy.
        guard turn.deliver(ScriptWatch.Limits(unanswered: limit)) else { return }
        // Before it can die of the message.
        state.withLock { $0.deathsWithoutMessage = 0 }
        _ = try Self.host().deliver(turn, key, turn.question.text) as PythonObject
    }

    /// Observes a script without turns of its own until its turn is over.
    private func watch(_ turn: Turn) async {
        let network = state.withLock { $0.configuration?.network }
        let begin = ContinuousClock.now
        while true {
            // The hop itself shows that the loop turns, and so is not blocked.
            let ready: Int = (try? await Self.call("ready_count")) ?? 0
            let isBusy = Python.pendingAwaitables > 0 || network?.inFlight ?? 0 > 0
            let time = begin.duration(to: .now)
            guard turn.observe(isBusy: isBusy, isReady: ready > 0, at: time) else { return }
            try? await Task.sleep(for: ready > 0 ? Self.nextWatch : Self.watchInterval)
        }
    }

    // MARK: Output

    /// Whether something that was said is not shown yet.
    var hasUnshown: Bool { openTurns.contains { $0.hasUnshown } || background.hasUnshown }

    /// Waits until all that was said is shown.
    func waitUntilShown() async {
        for turn in openTurns + [background] { await turn.waitUntilShown() }
    }

    // MARK: End

    /// Ends the script in order; each part gets at most `grace`.
    public func shutDown(grace: Duration = .seconds(2)) async {
        if state.withLock({ $0.hasBegun }) {
            let start = await startTask()
            start.cancel()
            // It has files to remove if it was installing packages.
            try? await abandonable(within: Self.cleanUpLimit) { _ = await start.result }
        }
        state.withLock { $0.phase = .over }
        // Python that is still starting would first have to be waited for.
        if Python.isRunning { await Python.shutDown(grace: grace) }
        endAll(.cancelled)
    }
}
