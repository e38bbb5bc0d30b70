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
    ]
}
