// SPDX-License-Identifier: Apache-2.0

import Amaru

/// An element type that has numbers, so that one test can go through all of them.
typealias NumericElement = PythonBufferElement & Numeric & Equatable

/// What a test expects of an error of conversion: parts of its text.
func refusal(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "nothing was thrown"
    } catch {
        return "\(error)"
    }
}

extension Python {
    /// The value of an expression, with the modules at hand that make buffers.
    @PythonActor
    static func evalBuffer(_ expression: String) throws -> PythonObject {
        let namespace = try eval("{}")
        try exec("import array, ctypes, io, mmap, struct", globals: namespace)
        return try eval(expression, globals: namespace)
    }

    /// The number of buffers of a bytearray that are acquired and not released: 0 or more.
    @PythonActor
    static func canResize(_ bytearray: PythonObject) throws -> Bool {
        do {
            try bytearray.append(0)
            try bytearray.pop()
            return true
        } catch let error as PythonException where error.typeName == "BufferError" {
            return false
        }
    }
}

extension Span where Element: Copyable {
    /// The elements as an array.
    var all: [Element] { indices.map { self[$0] } }
}
