// The arguments of the benchmark program.
// SPDX-License-Identifier: Apache-2.0

struct Options: Sendable {
    enum Mode: Sendable {
        case table
        /// Counts instructions into a file, under cachegrind that writes into a folder.
        case instructions(file: String, folder: String)
        case growth
        case memory
        case hops
        /// Does one side of the start, in a process that has not started Python.
        case start(Start.Side)
    }

    var mode = Mode.table
    var only: [String] = []
    var rounds = 9
    var windows = 10
    var calls = 10_000_000
    var json: String?
    var counts: String?
    var environment: String?
    var isGate = false

    init(_ arguments: some Sequence<String>) throws {
        var rest = arguments.makeIterator()
        func value(of option: String) throws -> String {
            guard let value = rest.next() else { throw BenchError("\(option) needs a value") }
            return value
        }
        func number(of option: String) throws -> Int {
            guard let number = Int(try value(of: option)), number > 0 else {
                throw BenchError("\(option) needs a positive number")
            }
            return number
        }
        while let option = rest.next() {
            switch option {
            case "--only": only.append(try value(of: option))
            case "--rounds": rounds = try number(of: option)
            case "--windows": windows = try number(of: option)
            case "--calls": calls = try number(of: option)
            case "--json": json = try value(of: option)
            case "--with-instructions": counts = try value(of: option)
            case "--environment": environment = try value(of: option)
            case "--gate": isGate = true
            case "--growth": mode = .growth
            case "--memory": mode = .memory
            case "--hops": mode = .hops
            case Start.option:
                let side = try value(of: option)
                guard let side = Start.Side(rawValue: side) else {
                    throw BenchError("\(side): no such side of a start")
                }
                mode = .start(side)
            case "--instructions":
                mode = .instructions(file: try value(of: option), folder: try value(of: option))
            default: throw BenchError("\(option): no such option; Tests/Benchmarks/run tells them")
            }
        }
    }

    func selects(_ row: Row) -> Bool {
        only.isEmpty || only.contains { row.name.contains($0) }
    }
}
