// How cost and memory grow: per element with the size, and over millions of calls.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation

@PythonActor
enum Growth {
    private static let sizes = [1_000, 10_000, 100_000, 1_000_000, 10_000_000]

    /// A table of nanoseconds per element, which should be flat.
    static func perElement() throws -> String {
        let cases: [(String, (Int) throws -> (() throws -> Void))] = [
            (
                "list → [Int]",
                { size in
                    let list = try Python.eval("list(range(\(size)))")
                    return { Rows.keep(try [Int](list).count) }
                }
            ),
            (
                "list → [Double]",
                { size in
                    let list = try Python.eval("[float(i) for i in range(\(size))]")
                    return { Rows.keep(try [Double](list).count) }
                }
            ),
            (
                "list → [String]",
                { size in
                    let list = try Python.eval("[str(i) for i in range(\(size))]")
                    return { Rows.keep(try [String](list).count) }
                }
            ),
            (
                "[Int] → list",
                { size in
                    let array = Array(0..<size)
                    return { _ = try PythonObject(array) }
                }
            ),
            (
                "str → String",
                { size in
                    let text = try Python.eval("'a' * \(size)")
                    return { Rows.keep(try String(text).utf8.count) }
                }
            ),
            (
                "dict → [Int: Int]",
                { size in
                    let dict = try Python.eval("{i: i for i in range(\(size))}")
                    return { Rows.keep(try [Int: Int](dict).count) }
                }
            ),
        ]
        var lines = [
            "| nanoseconds per element | " + sizes.map(String.init).joined(separator: " | ") + " |",
            "|---|" + sizes.map { _ in "---:|" }.joined(),
        ]
        for (name, prepare) in cases {
            let costs = try sizes.map { size in
                let body = try prepare(size)
                let best = try (0..<max(3, 3_000 / size)).map { _ in
                    try Stopwatch.nanoseconds(1) { _ in try body() }
                }.min()
                return String(format: "%.2f", (best ?? .nan) / Double(size))
            }
            lines.append("| \(name) | " + costs.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n")
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
