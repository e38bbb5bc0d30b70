// Calls, with positional and keyword arguments.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension PythonObject {
    /// Calls the object with positional arguments.
    @discardableResult
    public func dynamicallyCall(withArguments arguments: [any ConvertibleToPython]) throws
        -> PythonObject
    {
        PythonObject(try call(arguments, keywords: []))
    }

    /// Calls the object with positional arguments and converts the result.
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withArguments arguments: [any ConvertibleToPython]
    ) throws -> Value {
        let result = try call(arguments, keywords: [])
        return try result.lend { reference in try Value.fromPython(reference, PythonGIL()) }
    }

    /// Calls the object with keyword arguments; those without a label are positional.
    @discardableResult
    public func dynamicallyCall(
        withKeywordArguments arguments: KeyValuePairs<String, any ConvertibleToPython>
    ) throws -> PythonObject {
        PythonObject(try call(arguments))
    }

    /// Calls the object with keyword arguments and converts the result.
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withKeywordArguments arguments: KeyValuePairs<String, any ConvertibleToPython>
    ) throws -> Value {
        let result = try call(arguments)
        return try result.lend { reference in try Value.fromPython(reference, PythonGIL()) }
    }

    private func call(_ arguments: KeyValuePairs<String, any ConvertibleToPython>) throws
        -> OwnedReference
    {
        let keywords = arguments.lazy.map(\.key).filter { !$0.isEmpty }
        // Swift lets an unlabelled argument follow a labelled one, Python does not: the
        // positional ones go first, each group in its order.
        let positional = arguments.lazy.filter(\.key.isEmpty).map(\.value)
        let named = arguments.lazy.filter { !$0.key.isEmpty }.map(\.value)
        return try call(Array(positional) + Array(named), keywords: Array(keywords))
    }

    private func call(_ arguments: [any ConvertibleToPython], keywords: [String]) throws
        -> OwnedReference
    {
        try Interpreter.requireRunning()
        return try Vectorcall.call(pointer, arguments, keywords: keywords, PythonGIL())
    }
}

/// CPython's call protocol.
///
/// https://docs.python.org/3/c-api/call.html#the-vectorcall-protocol
enum Vectorcall {
    /// Calls `callable` (borrowed); the last arguments are those that `keywords` names.
    static func call(
        _ callable: PyPointer,
        _ arguments: [any ConvertibleToPython],
        keywords: [String] = [],
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        // One slot more in front: the callee may use it for `self`.
        var slots: [PyPointer?] = [nil]
        slots.reserveCapacity(arguments.count + 1)
        defer { for case let slot? in slots { amaru_decref(slot) } }
        for (index, argument) in arguments.enumerated() {
            let reference = try converting(at: "argument \(index + 1)") {
                try argument.pythonReference(gil)
            }
            slots.append(reference.take())
        }
        let names =
            keywords.isEmpty ? nil : try PythonTuple(elements: keywords).pythonReference(gil).take()
        defer { if let names { amaru_decref(names) } }
        let result = slots.withUnsafeBufferPointer { slots in
            PyObject_Vectorcall(
                callable,
                slots.baseAddress.map { $0 + 1 },
                amaru_vectorcall_count(arguments.count - keywords.count),
                names
            )
        }
        return try OwnedReference(new: result)
    }
}
