// Calls into the session's Python half.
// SPDX-License-Identifier: Apache-2.0

import Amaru

/// Calls into `amaru._script`.
///
/// They are jobs of the event loop, where the running loop is set: what a script's entry points
/// may do in asyncio they may do here.
extension ChatSession {
    @PythonActor
    static func host() throws -> PythonObject { try Python.import("amaru._script") }

    @PythonActor
    static func call<Value: ConvertibleFromPython>(_ function: String) throws -> Value {
        try host().readAttribute(function).dynamicallyCall(withArguments: [])
    }
}
