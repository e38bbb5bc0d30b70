// Counts instructions: the same loops, in children of this process, under cachegrind.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import CFloors
import Foundation

/// Instruction counts, which do not depend on what else the machine does.
///
/// The whole process runs under cachegrind. For each count the Python thread forks: the child
/// repeats one loop a fixed number of times and ends, and cachegrind writes what it executed since
/// the start of the process. Two children that differ in the number of repetitions only have the
/// start, the preparation and the warming-up in common, so their difference is the loop.
@PythonActor
struct Instructions {
    /// Where cachegrind writes `PID.out`, as told by `--cachegrind-out-file=FOLDER/%p.out`.
    let folder: String

    func measure(_ rows: [Row], empty: Loop) throws -> [String: Figures] {
        let emptyCost = try cost("empty", empty, (3_000, 13_000))
        var result: [String: Figures] = [:]
        for row in rows {
            if row.isProcess {
                result[row.name] = try Start.instructions(folder)
                continue
            }
            let floor = try cost("\(row.name).c", row.floor, row.repetitions)
            let bridge = try row.bridge.loop.map {
                try cost("\(row.name).swift", $0, row.repetitions)
            }
            let subtracted = row.isCalledByPython ? emptyCost : 0
            result[row.name] = Figures(
                floor: (floor - subtracted) / row.divisor,
                bridge: bridge.map { ($0 - subtracted) / row.divisor }
            )
        }
        return result
    }

    private func cost(_ name: String, _ loop: Loop, _ repetitions: (few: Int, many: Int)) throws
        -> Double
    {
        // One fork after the other: what this process does between them counts for the second.
        let few = Self.fork(loop, repetitions.few)
        let many = Self.fork(loop, repetitions.many)
        let difference =
            try count("\(name).\(repetitions.many)", many)
            - count("\(name).\(repetitions.few)", few)
        return difference / Double(repetitions.many - repetitions.few)
    }

    /// Repeats the loop in a child, and waits for its end.
    private static func fork(_ loop: Loop, _ repetitions: Int) -> (process: Int32, status: Int32) {
        let process = floor_fork()
        if process == 0 {
            let hasWorked = (try? loop(repetitions)) != nil
            _exit(hasWorked ? 0 : 1)
        }
        var status: Int32 = 0
        waitpid(process, &status, 0)
        return (process, status)
    }

    /// The instructions that a child executed; cachegrind's file is kept under `name`.
    private func count(_ name: String, _ child: (process: Int32, status: Int32)) throws -> Double {
        guard child.status == 0 else {
            throw BenchError("\(name): the child failed (status \(child.status))")
        }
        let file = "\(folder)/\(name).out"
        guard rename("\(folder)/\(child.process).out", file) == 0 else {
            throw BenchError("\(name): no count in \(folder); does this run under cachegrind?")
        }
        return try Self.summary(of: file)
    }

    /// The sum in a file of cachegrind's.
    nonisolated static func summary(of file: String) throws -> Double {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8),
            let summary = text.split(separator: "\n").last(where: { $0.hasPrefix("summary: ") }),
            let count = Double(summary.dropFirst("summary: ".count).prefix { $0 != " " })
        else {
            throw BenchError("\(file) has no count")
        }
        return count
    }
}

struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
