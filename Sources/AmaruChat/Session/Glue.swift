// Calls into `amaru._script`, the Python half of the session.
// SPDX-License-Identifier: Apache-2.0

import Amaru

/// The functions of `amaru._script`.
///
/// They are called in jobs of the event loop, where the running loop is set: what a script's entry
/// points may do in asyncio they may do here.
enum Glue {
    @PythonActor
    static func module() throws -> PythonObject {
        try Python.import("amaru._script")
    }

    @PythonActor
    @discardableResult
    static func call<Value: ConvertibleFromPython>(_ function: String) throws -> Value {
        try module().readAttribute(function).dynamicallyCall(withArguments: [])
    }

    @PythonActor
    static func call(_ function: String) throws {
        _ = try module().readAttribute(function)() as PythonObject
    }

    @PythonActor
    static func deliver(turn: Int, key: String, text: String) throws -> Bool {
        try module().deliver(turn, key, text)
    }

    @PythonActor
    static func cancel(turn: Int) throws {
        _ = try module().cancel(turn) as PythonObject
    }
}
