// One chat: a script in Python, its turns, its supervision.
// SPDX-License-Identifier: Apache-2.0

public import Amaru
import AmaruHTTP
import AmaruPython
import Foundation

/// A chat whose conversation a Python script holds.
///
/// ```swift
/// let session = ChatSession(configuration)
/// guard case .chat = try await session.startOnce() else { return }
/// await session.send("Hello")
/// for await event in session.events { … }
/// ```
///
/// One message at a time: send the next when the turn has `finished` or `failed`.
public actor ChatSession {
    /// What the script turned out to be.
    public enum Offer: Sendable, Equatable {
        /// It converses, and takes a key with each message or not.
        case chat(takesKey: Bool)
        /// It has run, and that is all.
        case nothing
    }

    /// Everything that the chat shows, for one task.
    public nonisolated let events: AsyncStream<ChatEvent>

    private let configuration: ChatConfiguration
    private let board: TurnBoard
    private let clock = ContinuousClock()
    private var lastTurn = 0
    private var supervision = Supervision()
    private var watch: Task<Void, Never>?
    private let isRunningScript = ScriptPhase()

    /// How often a script without turns is looked at.
    private static let watchInterval = Duration.milliseconds(50)
    /// When to look again at a loop that was about to run something.
    ///
    /// No fraction of the interval, lest the looks keep step with a script that ticks.
    private static let secondLook = Duration.milliseconds(7)
    /// How long the loop may be blocked before a cancel interrupts it.
    private static let cancelPatience = Duration.milliseconds(300)

    /// Creates a chat; nothing runs yet.
    public init(_ configuration: ChatConfiguration) {
        self.configuration = configuration
        let limits = TurnTracker.Limits(unanswered: configuration.idleTimeout)
        (events, board) = TurnBoard.make(limits: limits)
    }

    // MARK: Start

    private var started: Task<Offer, any Error>?

    /// Starts Python and runs the script until it offers something or has ended.
    ///
    /// A second call waits for the first and gives the same result.
    ///
    /// - Throws: ``AmaruError`` where Python does not start; what the script raises.
    public func startOnce() async throws -> Offer {
        let task = started ?? Task { try await start() }
        started = task
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private func start() async throws -> Offer {
        try await startPython()
        configuration.trace("python started")
        try await registerModules()
        isRunningScript.begin()
        defer { isRunningScript.end() }
        let script = configuration.script
        let namespace = try await PythonActor.run {
            try Python.import("amaru.network").readAttribute("install")()
            return try Glue.module()
                .prepare(script.path, script.absolutePath, script.arguments) as PythonObject
        }
        try await Python.runFile(script.contents, path: script.absolutePath, globals: namespace)
        configuration.trace("script loaded")
        let offer: String = try await Glue.call("offer")
        if offer.isEmpty { return .nothing }
        try await Glue.call("take_over_input")
        // From here on a fault in the background is a death of the receiver, not the script's own.
        isRunningScript.end()
        try await Glue.call("start")
        return .chat(takesKey: offer == "sender")
    }

    /// Starts Python; a cancelled task does not wait for a start that nothing can stop.
    private func startPython() async throws {
        let started = AsyncValue<Result<Void, any Error>>()
        let configuration = pythonConfiguration
        Task.detached {
            do {
                started.set(.success(try await Python.start(configuration)))
            } catch {
                started.set(.failure(error))
            }
        }
        try await started.wait().get()
    }

    private var pythonConfiguration: PythonConfiguration {
        let resources = configuration.resources
        return PythonConfiguration(
            environment: configuration.environment?.root.path,
            searchPaths: [resources.root.path, resources.compat.path],
            arguments: [configuration.script.path],
            bytecodeCache: configuration.bytecodeCache.path,
            unhandledErrors: .handlerOnly,
            onUnhandledError: { [weak self] exception in
                guard let self else { return }
                Task { await self.scriptFailed(exception) }
            },
            onExitRequest: { [board] code in board.exitRequested(code) }
        )
    }

    private func registerModules() async throws {
        let sink: ChatModule.Sink = { [board] event in board.receive(event) }
        try await Python.register(HTTPModule(configuration.network).module)
        try await Python.register(
            ChatModule.module(
                settings: configuration.settings,
                sink: sink,
                readLine: configuration.readLine
            )
        )
        try await Python.register(ChatModule.tutorialModule(sink: sink))
    }

    // MARK: Turns

    /// Gives a message to the script.
    ///
    /// - Parameters:
    ///   - text: The message.
    ///   - key: The placeholder that the script gets as its key.
    /// - Returns: The number of the turn, which its events carry.
    @discardableResult
    public func send(_ text: String, key: String = "") async -> Int {
        lastTurn += 1
        let turn = lastTurn
        board.sent(turn)
        do {
            let claims: Bool = try await Glue.deliver(turn: turn, key: key, text: text)
            supervision.delivered()
            if claims { board.claimed(turn) }
        } catch let exception as PythonException {
            board.fail(turn, FaultReport.failure(for: exception, nil))
        } catch {
            board.fail(
                turn,
                ChatFailure(code: "internal", message: "\(error)", remedy: "start again")
            )
        }
        if board.isWatched, watch == nil { startWatching() }
        return turn
    }

    /// Stops the answer to the open turn; what has come of it is kept.
    ///
    /// Python code that blocks the event loop meanwhile is interrupted.
    public func cancel() async {
        guard let turn = board.cancelled() else { return }
        let isWatched = board.isWatched
        let cancelling = Task { try? await Glue.cancel(turn: turn) }
        await interruptWhileBlocked(until: cancelling)
        if isWatched {
            await startMainAgain()
            board.receive(.finished(turn: turn, reason: "cancelled"))
        }
    }

    /// Interrupts Python until the job that cancels has been run.
    private func interruptWhileBlocked(until task: Task<Void?, Never>) async {
        let interrupter = Task {
            while true {
                try await clock.sleep(for: Self.cancelPatience)
                Python.interrupt()
            }
        }
        _ = await task.value
        interrupter.cancel()
    }

    /// Looks at a script without turns until its turn is over.
    private func startWatching() {
        watch = Task { [weak self] in
            while let self, let pause = await self.look() {
                try? await Task.sleep(for: pause)
            }
        }
    }

    /// Takes one look; says how long to wait for the next, or nil if none is needed.
    private func look() async -> Duration? {
        // The hop itself shows that the loop turns, and so is not blocked.
        let ready: Int = (try? await Glue.call("ready_count")) ?? 0
        let isBusy = Python.pendingAwaitables > 0 || configuration.network.inFlight > 0
        board.looked(
            isBusy: isBusy,
            isReady: ready > 0,
            idleTimeout: configuration.idleTimeout
        )
        guard board.isWatched else {
            watch = nil
            return nil
        }
        return ready > 0 ? Self.secondLook : Self.watchInterval
    }

    // MARK: Supervision

    private func scriptFailed(_ exception: PythonException) async {
        if isRunningScript.isActive || board.isCancelled { return }
        let failure = FaultReport.failure(for: exception, configuration.network.lastOutcome)
        let verdict = supervision.died()
        if let turn = board.openTurn {
            board.fail(turn, failure)
        } else {
            board.receive(.notice("\(failure)"))
        }
        switch verdict {
        case .startAgain:
            await startMainAgain()
        case .giveUp:
            board.receive(
                .ended(
                    ChatFailure(
                        code: "script",
                        message: "the script stopped twice without taking a message",
                        remedy: "mend it: \(exception.traceback)"
                    )
                )
            )
        }
    }

    private func startMainAgain() async {
        do {
            let ending = try await PythonActor.run { try Glue.module().restart() as PythonObject }
            _ = try await ending.awaited()
        } catch {
            board.receive(.notice("the script's main() was not started again: \(error)"))
        }
    }

    // MARK: End

    /// Lets the script's own `sys.excepthook` report an exception that the script raised.
    ///
    /// - Returns: Whether it has one; else the caller reports.
    public func report(_ exception: PythonException) async -> Bool {
        let reported = try? await PythonActor.run { () -> Bool in
            try Glue.module().report(exception.object)
        }
        return reported ?? false
    }

    /// The exit code that a `SystemExit` asks for, and the text for standard error, if any.
    ///
    /// The rules are those of https://docs.python.org/3/library/sys.html#sys.exit
    public func exitStatus(of exception: PythonException) async throws -> (Int32, String) {
        try await PythonActor.run {
            let pair: PythonObject = try Glue.module().exit_status(exception.object)
            let code: Int = try pair[0].converted()
            return (Int32(truncatingIfNeeded: code), try pair[1].converted())
        }
    }

    /// Ends the script in order; each part gets at most `grace`.
    public func shutDown(grace: Duration = .seconds(2)) async {
        watch?.cancel()
        // One that is still starting would first have to be waited for.
        if Python.isRunning { await Python.shutDown(grace: grace) }
        board.close()
    }

    /// The exit code that the script has asked for by `sys.exit`, if it has.
    public nonisolated var exitRequest: Int32? { board.exitRequest }
}
