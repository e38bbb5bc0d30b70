// A turn's events as they come, and a sign when none have come for a while.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruEnvironment

/// Reads a turn for one response.
///
/// What reads a turn as its owner must not be cancelled just to do something else for a moment:
/// that would cancel the turn. So a task of its own reads, one batch ahead at most, and another
/// one watches the silence.
final class TurnFeed: Sendable {
    enum Item: Sendable {
        case events([TurnEvent])
        /// Nothing has come for a while.
        case silence
        case end(TurnEnd)
    }

    private struct Delivery: Sendable {
        let item: Item
        let isTaken = AsyncValue<Void>()
    }

    private let deliveries: AsyncStream<Delivery>
    private let tasks: [Task<Void, Never>]

    /// Begins to read.
    ///
    /// - Parameters:
    ///   - turn: The turn.
    ///   - owns: Whether the turn is read as its owner, and so ends with this.
    ///   - patience: How long a silence is.
    ///   - endings: The first that is set ends the reading.
    init(_ turn: Turn, owns: Bool, patience: Duration, until endings: [AsyncValue<Void>]) {
        let (deliveries, out) = AsyncStream<Delivery>.makeStream()
        let latest = Lock(ContinuousClock.now)
        self.deliveries = deliveries
        let reading = Task {
            var end = TurnEnd.cancelled
            do {
                var iterator =
                    owns ? turn.makeAsyncIterator() : turn.viewer().makeAsyncIterator()
                while let batch = try await iterator.nextBatch() {
                    latest.withLock { $0 = .now }
                    try await Self.deliver(.events(batch), to: out)
                }
                end = turn.end ?? .cancelled
            } catch let failure as ChatFailure {
                end = .failed(failure)
            } catch {
                end = .cancelled
            }
            out.yield(Delivery(item: .end(end)))
            out.finish()
        }
        let watching = Task {
            do {
                while true {
                    let due = latest.withLock { $0 } + patience
                    if .now < due {
                        try await Task.sleep(until: due, tolerance: .zero, clock: .continuous)
                        continue
                    }
                    try await Self.deliver(.silence, to: out)
                    latest.withLock { $0 = .now }
                }
            } catch {
                // It is cancelled, which is how it ends.
            }
        }
        let ended = endings.map { ending in
            Task { if (try? await ending.wait()) != nil { reading.cancel() } }
        }
        tasks = [reading, watching] + ended
    }

    deinit { stop() }

    private static func deliver(
        _ item: Item,
        to out: AsyncStream<Delivery>.Continuation
    ) async throws {
        let delivery = Delivery(item: item)
        out.yield(delivery)
        try await delivery.isTaken.wait()
    }

    /// Calls the function with each item, until it returns false or the turn has ended.
    ///
    /// May be called again, to go on.
    @concurrent func each(_ take: @concurrent (Item) async throws -> Bool) async throws {
        for await delivery in deliveries {
            let goesOn = try await take(delivery.item)
            delivery.isTaken.set(())
            guard goesOn else { return }
        }
        try Task.checkCancellation()
    }

    /// Stops reading, which cancels a turn that is read as its owner.
    func stop() {
        for task in tasks { task.cancel() }
    }
}
