// How a session stops what the user has cancelled.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment

extension ChatSession {
    /// How long the loop may be blocked before a cancel interrupts it.
    private static let patience = Duration.milliseconds(250)

    /// Whether Python has stopped what the user has cancelled.
    public var isSettled: Bool { state.withLock { $0.cancels == 0 } }

    /// Waits a while for `isSettled`, and returns it.
    public func settles(within limit: Duration) async -> Bool {
        let stopping = state.withLock { $0.stopping }
        try? await abandonable(within: limit) { await stopping?.value }
        return isSettled
    }

    /// Stops something in Python, after what is being stopped already.
    func stop(_ work: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            let former = state.stopping
            state.stopping = Task {
                await former?.value
                await work()
            }
        }
    }

    func hasCancelled(_ turn: Turn) {
        if limits.isShared, turn.isClaimed || !turn.isDelivered {
            // Other turns wait only for a script that is stopped as a whole.
            Task { await settle(turn) }
            return
        }
        state.withLock { $0.cancels += 1 }
        stop { [self] in
            await settle(turn)
            state.withLock { $0.cancels -= 1 }
        }
    }

    /// Has Python stop a turn that the user has cancelled; a script without turns of its own is
    /// stopped as a whole.
    private func settle(_ turn: Turn) async {
        let isShared = limits.isShared
        // The start is that of the other turns too.
        if !isShared { cancelStart() }
        guard Python.isRunning, !isShared || turn.isDelivered else { return }
        let guardian = Task {
            try await interruptWhileBlocked { [self] in !isShared || isStoppedCodeRunning }
        }
        await stop(turn)
        guardian.cancel()
        // An interrupt that came too late strikes this call, and not the next turn.
        _ = await guardian.result
        _ = try? await Self.call("ready_count") as Int
    }

    /// Whether the Python code that runs is that of a turn that is to stop.
    ///
    /// Of any such turn: of two interrupts at once, the later takes the place of the other.
    private var isStoppedCodeRunning: Bool {
        guard let running = Self.turnOfContext() else { return openTurns.isEmpty }
        return running.isStopped
    }

    /// Interrupts Python whenever it has not taken a job for a while.
    ///
    /// - Parameter isMeant: Whether the code that runs then is to be interrupted.
    /// - Throws: `CancellationError`, as nothing else ends it.
    func interruptWhileBlocked(
        if isMeant: @escaping @Sendable () -> Bool = { true }
    ) async throws {
        while true {
            let isTaken = AsyncValue<Void>()
            Task { @PythonActor in isTaken.set(()) }
            repeat {
                try await Task.sleep(for: Self.patience)
                if isTaken.current == nil { Python.interrupt(if: isMeant) }
            } while isTaken.current == nil
        }
    }

    @PythonActor
    private func stop(_ turn: Turn) async {
        let (task, isWhole) = (turn.task.object, turn.isDelivered && !turn.isClaimed)
        // Nothing of a message that Python has not seen.
        guard task != nil || isWhole else { return }
        await stop(task, isWhole: isWhole)
    }

    /// Cancels a task of the script, or all, and starts its `main()` again.
    @PythonActor
    func stop(_ task: PythonObject?, isWhole: Bool) async {
        do {
            _ = try await (Self.host().stop(task, isWhole) as PythonObject).awaited()
        } catch {
            // A script that ends is not started again.
            if state.withLock({ $0.phase == .over }) { return }
            let message = "the script's main() was not started again: \(error)"
            _ = try? background.add(.notice(message))
        }
    }
}
