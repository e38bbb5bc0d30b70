// The program: prepares the rows on the Python thread and does what the options ask for.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Synchronization

@main
enum AmaruBench {
    static func main() async throws {
        do {
            let options = try Options(CommandLine.arguments.dropFirst())
            if case .start(let side) = options.mode { try await Start.perform(side) }
            try await Python.start(PythonConfiguration(environment: options.environment))
            var failures: [String]
            if case .hops = options.mode {
                let table: String
                (table, failures) = try await Hops.table(options.windows)
                print(table)
            } else {
                failures = try await runInStep(options)
            }
            guard failures.isEmpty else {
                complain("over what is allowed: " + failures.joined(separator: ", "))
                exit(1)
            }
        } catch {
            complain("\(error)")
            exit(2)
        }
    }

    /// Does all of the work in one step of the home loop, and gives the failed rows.
    ///
    /// That is where code runs that awaits: the loop is running, and neither a Swift task nor
    /// `PythonActor.run` is around it.
    private static func runInStep(_ options: Options) async throws -> [String] {
        let failures = Mutex<[String]>([])
        let module = PythonModule("bench_step") {
            PythonFunction("work") { () throws -> Void in
                let work: @PythonActor () throws -> [String] = { try run(options) }
                // Safe because Python code calls this on the Python thread, below.
                let failed = try unsafeBitCast(work, to: (() throws -> [String]).self)()
                failures.withLock { $0 = failed }
            }
        }
        try await Python.register(module)
        try await Python.run(
            """
            import asyncio, bench_step
            await asyncio.sleep(0)
            bench_step.work()
            """
        )
        return failures.withLock { $0 }
    }

    @PythonActor
    private static func run(_ options: Options) throws -> [String] {
        let rows = try Rows.all().filter(options.selects)
        guard !rows.isEmpty else { throw BenchError("--only names no row") }
        switch options.mode {
        case .growth:
            let (table, failures) = try Growth.perElement(options)
            print(table)
            return failures
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
