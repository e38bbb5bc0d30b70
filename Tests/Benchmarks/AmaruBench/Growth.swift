// How cost and memory grow: per element with the size, and over millions of calls.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation

@PythonActor
enum Growth {
    private static let sizes = [1_000, 10_000, 100_000, 1_000_000, 10_000_000]

    /// One line of the table.
    private struct Line {
        let name: String
        let limit: Double
        var cells: [String] = []
        var ratios: [Double] = []

        /// Whether the ratio is within its limit at each size but the first, which the other table
        /// has: there what a call costs weighs most.
        var isFlat: Bool { ratios.dropFirst().allSatisfy { $0 <= limit } }

        var text: String {
            ([name] + cells + [String(format: "%.2f", limit), isFlat ? "ok" : "OVER"])
                .joined(separator: " | ")
        }
    }

    /// A table of nanoseconds per element on both sides, and of their ratio, which has a limit.
    ///
    /// Beyond the caches of the processor the cost of an element grows for C too: memory is fresh,
    /// and far away. What must be flat is the ratio.
    ///
    /// - Returns: The table, and the names of the rows that are over their limits.
    static func perElement(_ options: Options) throws -> (table: String, failures: [String]) {
        var lines: [Line] = []
        for size in sizes {
            let subject = try Subject(size: size)
            let rows = try (Rows.containers(subject) + Rows.longStrings(subject))
                .filter(options.selects)
            if lines.isEmpty {
                lines = rows.map { Line(name: $0.name, limit: max(1.1, $0.limits.timeRatio ?? 0)) }
            }
            for (index, row) in rows.enumerated() {
                guard let (text, ratio) = try cell(row) else { continue }
                lines[index].cells.append(text)
                lines[index].ratios.append(ratio)
            }
        }
        let head = [
            "| C ns, Amaru ns for each element (ratio) | "
                + sizes.map { "\($0)" }.joined(separator: " | ") + " | allowed | |",
            "|---|" + sizes.map { _ in "---:|" }.joined() + "---:|---|",
        ]
        let table = (head + lines.map { "| \($0.text) |" }).joined(separator: "\n")
        return (table, lines.filter { !$0.isFlat }.map(\.name))
    }

    private static func cell(_ row: Row) throws -> (text: String, ratio: Double)? {
        guard let loop = row.bridge.loop else { return nil }
        var floor = Double.infinity
        var bridge = Double.infinity
        // Small ones in windows of many repetitions, large ones alone; the best of some each.
        let repetitions = max(1, 1_000_000 / row.elements)
        for _ in 0..<(row.elements < 1_000_000 ? 20 : 3) {
            floor = min(floor, try Stopwatch.nanoseconds(repetitions, row.floor))
            bridge = min(bridge, try Stopwatch.nanoseconds(repetitions, loop))
        }
        let elements = Double(repetitions * row.elements)
        let ratio = bridge / floor
        let text = String(
            format: "%.2f, %.2f (%.2f)",
            floor / elements,
            bridge / elements,
            ratio
        )
        return (text, ratio)
    }

    /// A table of resident memory before and after many repetitions of each row.
    static func memory(_ rows: [Row], calls: Int) throws -> String {
        var lines = ["| row | repetitions | growth in KiB |", "|---|---:|---:|"]
        for row in rows {
            guard let loop = row.bridge.loop else { continue }
            let repetitions = max(1, calls / row.elements)
            // The caches of Python and of malloc fill first.
            try loop(max(1, repetitions / 20))
            let before = try residentKiB()
            try loop(repetitions)
            let after = try residentKiB()
            lines.append("| \(row.name) | \(repetitions) | \(after - before) |")
        }
        return lines.joined(separator: "\n")
    }

    private static func residentKiB() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        let fields = text.split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else {
            throw BenchError("/proc/self/statm has no resident size")
        }
        return pages * sysconf(Int32(_SC_PAGESIZE)) / 1024
    }
}
