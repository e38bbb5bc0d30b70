// What a session does when its script raises, stops, or ends the program.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruHTTP

extension ChatSession {
    func scriptFailed(_ exception: PythonException) async {
        guard state.withLock({ $0.phase == .running && $0.cancels == 0 }) else { return }
        let failure = await failure(for: exception)
        if limits.isShared, state.withLock({ $0.hasTasksOnly }) {
            // No receiver has died, and the answers go on.
            _ = try? background.add(.notice("\(failure)"))
        } else {
            await died(of: failure)
        }
    }

    func mainWasCancelled() {
        guard state.withLock({ $0.phase == .running }) else { return }
        let message = "the script's main() was cancelled by the script or by a plugin"
        Task { await died(of: ChatFailure(code: "script", message: message)) }
    }

    /// Starts a script again that has stopped, unless it stops again and again.
    private func died(of failure: ChatFailure) async {
        let (turns, deaths) = state.withLock { state in
            state.deathsWithoutMessage += 1
            // Those that wait are for the script that is started again.
            let lost = state.turns.all.filter { $0.isDelivered || !limits.isShared }
            return (lost, state.deathsWithoutMessage)
        }
        // Before the turn ends: the next message waits for it.
        if deaths < 2 { stop { await self.stop(nil, isWhole: true) } }
        // Each of them, and not only the first.
        let ended = turns.filter { $0.end(.failed(failure)) }
        if ended.isEmpty { _ = try? background.add(.notice("\(failure)")) }
        if deaths >= 2 {
            let message = "the script stopped twice without taking a message"
            endAll(.failed(ChatFailure(code: "script", message: message, remedy: failure.remedy)))
        }
    }

    /// What a script's exception means, with what the network saw of its last exchange, which a
    /// script may hide: the tutorial's transport makes each status 200.
    func failure(for exception: PythonException) async -> ChatFailure {
        showTraceback(of: exception)
        let outcome = state.withLock { $0.configuration }?.network.lastOutcome
        do {
            return try await PythonActor.run {
                let words: PythonObject = try Python.import("amaru.chat.failures")
                    .script_failure(
                        exception.object,
                        outcome?.origin?.description ?? "",
                        outcome?.error?.code.name ?? "status",
                        outcome?.error?.message ?? "",
                        outcome?.status ?? 0,
                        outcome?.error?.reason?.name,
                        outcome?.error?.reason?.number
                    )
                let (code, message, remedy, seconds) = try words.tupleValues(
                    String.self,
                    String.self,
                    String.self,
                    Double?.self
                )
                return ChatFailure(
                    code: code,
                    message: message,
                    remedy: remedy,
                    retryAfter: seconds.flatMap { Duration(bounded: $0) }
                )
            }
        } catch {
            return ChatFailure(code: "script", message: "the script raised \(exception)")
        }
    }

    /// Shows where an answer has raised; always if it is not the sender who can repair the script.
    func showTraceback(of exception: PythonException) {
        let configuration = state.withLock { $0.configuration }
        if limits.isShared {
            configuration?.report(exception.traceback)
        } else {
            configuration?.trace("the script raised:\n\(exception.traceback)")
        }
    }

    func exitRequested(_ status: PythonExitStatus) {
        if isStarting {
            // It ends a script that only runs, as it ends `asyncio.run`.
            let configuration = state.withLock { $0.configuration }
            if let message = status.message { configuration?.report(message + "\n") }
            endAll(.exited(status.code))
            cancelStart()
            return
        }
        if let message = status.message { _ = try? openTurn.add(.notice(message)) }
        endAll(.exited(status.code))
    }

    /// Whether the script only runs, and does not converse yet.
    package var isStarting: Bool { state.withLock { $0.phase == .starting } }

    func endAll(_ end: TurnEnd) {
        // In this order: whoever sees the turn end finds the background ended too.
        background.end(end)
        for turn in state.withLock({ $0.turns.all }) { turn.end(end) }
    }

    // MARK: Plugins

    /// How long a plugin's code may run without waiting until that is told, and until it is ended.
    private static let pluginLimits = (told: Duration.seconds(10), ended: Duration.seconds(60))

    /// Notes which plugin's code runs from now on; empty for none.
    func pluginRuns(_ name: String) {
        let isWatched = state.withLock { state in
            (state.plugin, state.pluginSteps) = (name, state.pluginSteps + 1)
            defer { if !name.isEmpty { state.isWatchingPlugins = true } }
            return name.isEmpty || state.isWatchingPlugins
        }
        // Plugins see each piece of an answer: not a task for every step of one.
        if !isWatched { Task { await watchPlugins() } }
    }

    private func watchPlugins() async {
        let limits = Self.pluginLimits
        while let (plugin, step) = watchedStep() {
            try? await Task.sleep(for: limits.told)
            guard isStill(step) else { continue }
            let end = "it is interrupted after \(limits.ended.components.seconds) s, or by Ctrl-C"
            _ = try? openTurn.add(.notice("the plugin \(plugin) keeps the chat waiting: \(end)"))
            try? await Task.sleep(for: limits.ended - limits.told)
            while isStill(step) {
                Python.interrupt { [weak self] in self?.isStill(step) ?? false }
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func isStill(_ step: Int) -> Bool { state.withLock { $0.pluginSteps == step } }

    /// The plugin that runs and the number of its step; nil, and the watch ends, if none does.
    private func watchedStep() -> (String, Int)? {
        state.withLock { state in
            state.isWatchingPlugins = !state.plugin.isEmpty
            return state.plugin.isEmpty ? nil : (state.plugin, state.pluginSteps)
        }
    }
}
