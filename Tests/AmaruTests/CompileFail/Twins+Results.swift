// Results that do not convert, in closures for Python.
// SPDX-License-Identifier: Apache-2.0

extension Twins {
    private static let unconvertible =
        "This result does not convert to Python: return a PythonTuple, or write '_ ='."

    static let results = [
        Twins(
            "an exported function that returns what does not convert",
            """
            let f = PythonFunction("f") { (a: Int) in {{PythonTuple(a, a)||(a, a)}} }
            """,
            refused: "call can throw",
            advice: unconvertible
        ),
        Twins(
            "an exported function that returns what does not convert, with a described parameter",
            """
            let f = PythonFunction("f", .positional("a")) { (a: Int) in {{a||Plain()}} }
            """,
            refused: "call can throw",
            advice: unconvertible
        ),
        Twins(
            "an exported asynchronous function that returns what does not convert",
            """
            let f = PythonFunction("f") { (a: Int) async in {{await g(a)||(await g(a), a)}} }
            func g(_ a: Int) async -> Int { a }
            """,
            refused: "call can throw",
            advice: unconvertible
        ),
        Twins(
            "a method that returns what does not convert, in a list of members",
            """
            final class Counter: PythonClassInstance {
                static let pythonClass = PythonClass(Counter.self) {
                    PythonMethod("pair") { (counter, a: Int) in {{a||(a, a)}} }
                }
            }
            """,
            refused: "call can throw",
            advice: unconvertible
        ),
        Twins(
            "a function without a name that is an argument, behind the try of the call",
            """
            @PythonActor func use(_ list: PythonObject) throws {
                try list.sort(key: PythonFunction { (x: Int) in {{PythonTuple(x, x)||(x, x)}} })
            }
            """,
            refused: isolated,
            advice: unconvertible
        ),
        Twins(
            "a function without arguments that is an argument",
            """
            @PythonActor func use(_ object: PythonObject) throws {
                try object.call(PythonFunction("f") { () in {{1||Plain()}} })
            }
            """,
            refused: isolated,
            advice: unconvertible
        ),
        Twins(
            "a function that is an argument, in asynchronous code",
            """
            @PythonActor func use(_ object: PythonObject) async throws {
                let result: PythonObject = try await object.start(
                    PythonFunction { (x: Int) in {{x||(x, x)}} }
                ).awaited()
                _ = result
            }
            """,
            refused: "unavailable from asynchronous contexts",
            advice: unconvertible
        ),
        Twins(
            "an asynchronous function that is an argument",
            """
            @PythonActor func use(_ object: PythonObject) throws {
                try object.start(PythonFunction { (x: Int) async in {{await g(x)||(await g(x), x)}} })
            }
            func g(_ a: Int) async -> Int { a }
            """,
            refused: isolated,
            advice: unconvertible
        ),
        Twins(
            "what a context manager gives to its block",
            """
            final class Lock: PythonClassInstance {
                static let pythonClass = PythonClass(Lock.self) {
                    PythonContext { _ in {{1||(1, 2)}} } exit: { _, _ in false }
                }
            }
            """,
            refused: "call can throw",
            advice: unconvertible
        ),
    ]

    private static let isolated = "'UnconvertibleResult'-isolated initializer"
}
