// The start of Python, which a process does once: measured in processes of their own.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import CFloors
import Foundation

enum Start {
    /// What such a process does: this program, so that loading it costs each of them the same.
    enum Side: String, Sendable {
        case floor
        case bridge
        case nothing
    }

    static let option = "--start"

    /// Does it, and ends the process.
    static func perform(_ side: Side) async throws -> Never {
        switch side {
        case .floor: floor_start(try LinkedPython.interpreter())
        case .bridge:
            try await Python.start()
            let value = try await PythonActor.run { try Python.eval("6 * 7", as: Int.self) }
            guard value == 42 else { throw BenchError("6 * 7 is \(value)") }
        case .nothing: _ = try LinkedPython.interpreter()
        }
        _exit(0)
    }

    /// Starts a process for each repetition.
    static func loop(_ side: Side) -> Loop {
        { count in
            for _ in 0..<count { try run(CommandLine.arguments[0], [option, side.rawValue]) }
        }
    }

    /// The instructions of each side, counted apart by a cachegrind for each.
    static func instructions(_ folder: String) throws -> Figures {
        let nothing = try count(.nothing, folder)
        return Figures(
            floor: try count(.floor, folder) - nothing,
            bridge: try count(.bridge, folder) - nothing
        )
    }

    private static func count(_ side: Side, _ folder: String) throws -> Double {
        let file = "\(folder)/start.\(side.rawValue).out"
        let arguments = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--log-file=/dev/null"]
        try run(
            "/usr/bin/env",
            arguments + [
                "--cachegrind-out-file=\(file)", CommandLine.arguments[0], option, side.rawValue,
            ]
        )
        return try Instructions.summary(of: file)
    }

    private static func run(_ program: String, _ arguments: [String]) throws {
        let words = ([program] + arguments).map { strdup($0) }
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        guard posix_spawn(&process, program, nil, nil, words + [nil], environ) == 0 else {
            throw BenchError("\(program) could not be started")
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else { throw BenchError("\(arguments): status \(status)") }
    }
}

extension Rows {
    static func start() -> [Row] {
        [
            Row(
                name: "start",
                work: "start Python, up to the first bytecode (floor: the same PyConfig)",
                limits: .ratio(1.3, instructions: 1.3),
                floor: Start.loop(.floor),
                bridge: .measured(spelling: "try await Python.start()", Start.loop(.bridge)),
                isProcess: true
            )
        ]
    }
}
