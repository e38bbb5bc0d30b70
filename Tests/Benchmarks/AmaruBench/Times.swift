// Times all rows in interleaved rounds.
// SPDX-License-Identifier: Apache-2.0

import Amaru

@PythonActor
enum Times {
    private struct Watches {
        let floor: Stopwatch
        let bridge: Stopwatch?
        let empty: Stopwatch?
    }

    /// The figures of each row, by name.
    ///
    /// Rows take turns in an order that changes with each round, and a row's sides alternate
    /// window by window: so what disturbs the machine strikes no row and no side alone.
    static func measure(_ rows: [Row], rounds: Int, windows: Int, empty: @escaping Loop)
        throws -> [String: Figures]
    {
        let watches = try rows.map { row in
            Watches(
                floor: try Stopwatch(row.floor, atLeast: row.fewestInWindow),
                bridge: try row.bridge.loop.map {
                    try Stopwatch($0, atLeast: row.fewestInWindow)
                },
                empty: try emptyLoop(row, empty).map { try Stopwatch($0) }
            )
        }
        for _ in 0..<rounds {
            for index in rows.indices.shuffled() {
                for _ in 0..<windows {
                    try watches[index].floor.run()
                    try watches[index].bridge?.run()
                    try watches[index].empty?.run()
                }
            }
        }
        return Dictionary(
            uniqueKeysWithValues: zip(rows, watches).map { row, watches in
                (row.name, figures(row, watches))
            }
        )
    }

    private static func emptyLoop(_ row: Row, _ empty: @escaping Loop) -> Loop? {
        if row.isProcess { return Start.loop(.nothing) }
        return row.isCalledByPython ? empty : nil
    }

    private static func figures(_ row: Row, _ watches: Watches) -> Figures {
        let empty = watches.empty?.best ?? 0
        func each(_ value: Double) -> Double { (value - empty) / row.divisor }
        return Figures(
            floor: each(watches.floor.best),
            bridge: watches.bridge.map { each($0.best) },
            floorMedian: each(watches.floor.median),
            bridgeMedian: watches.bridge.map { each($0.median) }
        )
    }
}

/// What a row costs on each side, for one repetition or one element.
struct Figures: Codable, Sendable {
    var floor: Double
    /// Nil where the row is not available.
    var bridge: Double?
    /// Of the window in the middle; nil for instruction counts.
    var floorMedian: Double?
    var bridgeMedian: Double?

    var ratio: Double? { bridge.map { $0 / floor } }
}

extension Row.Bridge {
    var loop: Loop? {
        switch self {
        case .measured(_, let loop): loop
        case .missing: nil
        }
    }

    var spelling: String? {
        switch self {
        case .measured(let spelling, _): spelling
        case .missing: nil
        }
    }
}
