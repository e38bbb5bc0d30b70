// What it costs to get to the Python thread and back, from a task and from a thread.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import CFloors
import Foundation

/// Hops to the Python thread, beside a hand-over between two threads in C.
///
/// Not among the rows, all of which run inside one visit to the Python thread. No instruction
/// counts: what costs is to wake a thread, and the kernel does that.
enum Hops {
    private static let hops = 200
    private static let visits = 20
    private static let operations = 1_000

    /// A table of the best of some windows, and the names of the rows that are over their limits.
    static func table(_ windows: Int) async throws -> (text: String, failures: [String]) {
        let hop: @Sendable () async throws -> Void = {
            for _ in 0..<hops { try await PythonActor.run {} }
        }
        let spelling = "await PythonActor.run { }"
        var lines = [
            try await line("hop", spelling, windows, 1.5, handOver, hop),
            try await line(
                "hop-blocking",
                "try PythonActor.runBlocking { }",
                windows,
                1.5,
                handOver
            ) {
                try await onThread { for _ in 0..<hops { try PythonActor.runBlocking {} } }
            },
        ]
        let function: PythonObject = try await PythonActor.run { try Subject().python.identity }
        lines += [
            try await line("hop-1000", "await PythonActor.run { … }", windows, 1.3, calls) {
                for _ in 0..<visits {
                    try await PythonActor.run {
                        for i in 0..<operations { let _: Int = try function(1000 + i) }
                    }
                }
            }
        ]
        // From now on the thread is in an event loop.
        try await PythonActor.run { _ = try Python.import("asyncio") }
        lines += [try await line("hop-loop", spelling, windows, nil, handOver, hop)]
        let head = [
            "| row | C µs | Amaru µs | ratio | allowed | | spelling measured |",
            "|---|---:|---:|---:|---:|---|---|",
        ]
        let text = (head + lines.map(\.text)).joined(separator: "\n")
        return (text, lines.filter(\.isOver).map(\.name))
    }

    /// The floor, and how many of what is measured it has in one window.
    private typealias Floor = (
        count: Int, measure: @Sendable (ContinuousClock) async throws -> Duration
    )

    private static let handOver: Floor = (hops, { $0.measure { floor_hand_over(hops) } })
    /// Without a hop: on the Python thread, which holds the GIL.
    private static let calls: Floor = (
        visits,
        { clock in
            try await PythonActor.run { clock.measure { floor_call1(visits * operations) } }
        }
    )

    /// One line of the table.
    private struct Line {
        let name: String
        let text: String
        let isOver: Bool
    }

    private static func line(
        _ name: String,
        _ spelling: String,
        _ windows: Int,
        _ limit: Double?,
        _ floor: Floor,
        _ bridge: @escaping @Sendable () async throws -> Void
    ) async throws -> Line {
        let clock = ContinuousClock()
        var best = (floor: Duration.seconds(60), bridge: Duration.seconds(60))
        for _ in 0..<windows {
            best.floor = min(best.floor, try await floor.measure(clock))
            // From a task of the pool, and not of the main thread.
            let time = try await Task.detached { try await clock.measure(bridge) }.value
            best.bridge = min(best.bridge, time)
        }
        let times = [best.floor, best.bridge].map { $0 / .microseconds(1) / Double(floor.count) }
        let ratio = times[1] / times[0]
        let isOver = limit.map { ratio > $0 } ?? false
        let text = String(
            format: "| %@ | %.1f | %.1f | %.2f | %@ | %@ | `%@` |",
            name,
            times[0],
            times[1],
            ratio,
            limit.map { String($0) } ?? "–",
            limit == nil ? "" : isOver ? "OVER" : "ok",
            spelling
        )
        return Line(name: name, text: text, isOver: isOver)
    }

    private static func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
        }
    }
}
