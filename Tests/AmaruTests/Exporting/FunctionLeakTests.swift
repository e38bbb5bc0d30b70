// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

/// Each in a process of its own: the number of blocks is that of the process.
@Suite("Exported functions keep nothing of their calls", .serialized, .timeLimit(.minutes(5)))
struct FunctionLeakTests {
    /// A way to call, as statements that are repeated.
    enum Way: String, CaseIterable, Codable, Sendable {
        case direct = "m.two(s, s)"
        case keyword = "m.two(s, b=s)"
        case keywordsOnly = "m.two(b=s, a=s)"
        case unknownKeyword = "m.two(s, **{''.join(('b', 'b')): s})"
        case defaults = "m.options(s)"
        case variadic = "m.all(s, s, s, x=s, y=[s])"
        case missing = "m.two()"
        case tooMany = "m.two(s, s, s)"
        case unnamed = "m.unnamed(s, s)"
        case wrongType = "m.options(s, n=s)"
        case wrongRest = "m.numbers(1, 2, s)"
        case fails = "m.fails(a=s)"
        case nothing = "m.nothing()"
        case many = "m.many(s, s, s, s)"
        case inspected = "m.two.__self__, m.two.__doc__, m.two.__text_signature__"

        /// Slow paths that import or compile in Python take a tenth of the rounds.
        var rounds: Int { self == .missing || self == .tooMany ? 20_000 : 100_000 }
    }

    private static var module: PythonModule {
        PythonModule("leak_functions") {
            PythonFunction("two", .positional("a"), .positional("b")) {
                (a: PythonObject, b: PythonObject) in b
            }
            PythonFunction("options", .positional("a"), .keyword("n", default: 70_000)) {
                (a: PythonObject, n: Int) in n
            }
            PythonFunction("all", .positional("a"), .arguments("rest"), .keywords("options")) {
                (a: PythonObject, rest: [PythonObject], options: PythonKeywords<PythonObject>) in
                rest
            }
            PythonFunction("numbers", .arguments("rest")) { (rest: [Int]) in rest }
            PythonFunction("fails", .positional("a")) { (a: PythonObject) throws -> Int in
                throw PythonConversionError(.value, "refused")
            }
            PythonFunction("unnamed") { (a: PythonObject, b: PythonObject) in a }
            PythonFunction("nothing") { () in }
            PythonFunction("many") {
                (a: PythonObject, b: PythonObject, c: PythonObject, d: PythonObject) in d
            }
        }
    }

    @Test("Counts and memory are the same after 100,000 calls", arguments: Way.allCases)
    func calls(_ way: Way) async {
        await #expect(processExitsWith: .success) { [way = way as Way] in
            try await Python.start(.ofThisRun)
            try await Python.register(Self.module)
            let namespace = try await PythonActor.run { try Python.eval("{}") }
            _ = try await Python.run(
                """
                import gc, leak_functions as m, sys
                s = object()
                def repeat(n):
                    for _ in range(n):
                        try: \(way.rawValue)
                        except (TypeError, ValueError): pass
                def measure():
                    gc.collect()
                    return sys.getrefcount(s), sys.getrefcount(m.two), sys.getallocatedblocks()
                def growth(n):
                    before = measure()
                    repeat(n)
                    return [b - a for a, b in zip(before, measure())]
                repeat(2_000)
                """,
                globals: namespace
            )
            // What caches keep after a peak grows once, what leaks grows each time.
            var growth: [[Int]] = []
            repeat {
                growth.append(
                    try await PythonActor.run { try namespace["growth"](leakRounds(way.rounds)) }
                )
            } while growth.count < 4 && growth.last.map(Self.isFlat) != true
            #expect(growth.last.map(Self.isFlat) == true, "\(growth)")
        }
    }

    private static func isFlat(_ growth: [Int]) -> Bool {
        growth.prefix(2) == [0, 0] && growth[2] < 100
    }

    @Test("A function that Python lets go of lets go of its closure, its names and its texts")
    func dropped() async {
        await #expect(processExitsWith: .success) {
            try await Python.start(.ofThisRun)
            let alive = Alive()
            let kinds = try await PythonActor.run {
                for round in 0..<3_000 {
                    let held = Held(alive)
                    try Python.registerNow(
                        PythonModule("leak_dropped") {
                            PythonFunction("f", .positional("a"), .keyword("b", default: "x")) {
                                (a: Int, b: String) in a + held.number
                            }
                        }
                    )
                    if round % 3 == 0 {
                        try Python.exec(
                            "import leak_dropped\nleak_dropped.f(a=1)\ndel leak_dropped"
                        )
                    }
                }
                try Python.exec("import sys, gc; del sys.modules['leak_dropped']; gc.collect()")
                return try Python.eval(
                    "sum(type(o).__name__ == 'FunctionContext' "
                        + "and getattr(o, '__name__', '') == 'leak_dropped' for o in gc.get_objects())"
                ) as Int
            }
            #expect(kinds == 0)
            #expect(alive.count == 0)
        }
    }

    private final class Alive: @unchecked Sendable {
        // Safe because only the Python thread makes and drops what is counted.
        var count = 0
    }

    private final class Held: Sendable {
        let alive: Alive
        let number = 1

        init(_ alive: Alive) {
            self.alive = alive
            alive.count += 1
        }

        deinit { alive.count -= 1 }
    }
}
