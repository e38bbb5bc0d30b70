// The program: prepares the rows on the Python thread and does what the options ask for.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation

@main
enum AmaruBench {
    static func main() async throws {
        do {
            let options = try Options(CommandLine.arguments.dropFirst())
            if case .start(let side) = options.mode { try await Start.perform(side) }
            try await Python.start(PythonConfiguration(environment: options.environment))
            if case .hops = options.mode {
                print(try await Hops.table(options.windows))
                return
            }
            try await rememberHomeLoop()
            let failures = try await run(options)
            guard failures.isEmpty else {
                complain("over the allowed instructions: " + failures.joined(separator: ", "))
                exit(1)
            }
        } catch {
            complain("\(error)")
            exit(2)
        }
    }

    /// The rows that await run on this loop.
    private static func rememberHomeLoop() async throws {
        _ = try await Python.run(
            """
            import asyncio
            bench_home_loop = asyncio.get_running_loop()
            await asyncio.sleep(0)
            """,
            globals: Python.globals()
        )
    }

    /// Does all of the work inside one visit to the Python thread, and gives the failed rows.
    ///
    /// Not in `PythonActor.run`, in which no loop runs: what awaits does so in tasks of the loop.
    @PythonActor
    private static func run(_ options: Options) throws -> [String] {
        let rows = try Rows.all().filter(options.selects)
        guard !rows.isEmpty else { throw BenchError("--only names no row") }
        switch options.mode {
        case .growth: print(try Growth.perElement(options))
        case .memory: print(try Growth.memory(rows, calls: options.calls))
        case .instructions(let file, let folder):
            let counts = try Instructions(folder: folder).measure(rows, empty: Rows.empty())
            try JSONEncoder().encode(counts).write(to: URL(filePath: file))
        case .hops, .start: preconditionFailure("they do not run in one visit")
        case .table:
            return try table(rows, options)
        }
        return []
    }

    @PythonActor
    private static func table(_ rows: [Row], _ options: Options) throws -> [String] {
        var report = Report(rows: rows)
        report.times = try Times.measure(
            rows,
            rounds: options.rounds,
            windows: options.windows,
            empty: Rows.empty()
        )
        if let file = options.counts {
            report.instructions = try JSONDecoder().decode(
                [String: Figures].self,
                from: Data(contentsOf: URL(filePath: file))
            )
        }
        print(report.markdown)
        if let file = options.json { try report.json().write(to: URL(filePath: file)) }
        return options.isGate ? report.overGate : []
    }

    private static func complain(_ text: String) {
        FileHandle.standardError.write(Data("amaru-bench: \(text)\n".utf8))
    }
}
