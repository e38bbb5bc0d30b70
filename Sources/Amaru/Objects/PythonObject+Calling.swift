// Calls, with positional and keyword arguments.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension PythonObject {
    /// Calls the object with positional arguments.
    ///
    /// Disfavoured, as its siblings, so that `object.method(x)` is a call of the member, which
    /// needs no object for the bound method, and not of the attribute's value.
    @discardableResult
    @_disfavoredOverload
    @inlinable
    public func dynamicallyCall(withArguments arguments: [any ConvertibleToPython]) throws
        -> PythonObject
    {
        try Interpreter.requireRunning()
        return PythonObject(try Vectorcall.call(pointer, arguments, PythonGIL()))
    }

    /// Calls the object with positional arguments and converts the result, without a box for it.
    @_disfavoredOverload
    @inlinable
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withArguments arguments: [any ConvertibleToPython]
    ) throws -> Value {
        try Interpreter.requireRunning()
        let gil = PythonGIL()
        let result = try Vectorcall.call(pointer, arguments, gil)
        return try Value.fromPython(BorrowedReference(result.pointer), gil)
    }

    /// Calls the object with keyword arguments; those without a label are positional.
    @discardableResult
    @_disfavoredOverload
    @inlinable
    public func dynamicallyCall(
        withKeywordArguments arguments: KeyValuePairs<StaticString, any ConvertibleToPython>
    ) throws -> PythonObject {
        try Interpreter.requireRunning()
        let gil = PythonGIL()
        let call = try KeywordArguments(arguments)
        return PythonObject(
            try Vectorcall.call(pointer, call.arguments, names: call.names.pointer, gil)
        )
    }

    /// Calls the object with keyword arguments and converts the result, without a box for it.
    @_disfavoredOverload
    @inlinable
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withKeywordArguments arguments: KeyValuePairs<StaticString, any ConvertibleToPython>
    ) throws -> Value {
        try Interpreter.requireRunning()
        let gil = PythonGIL()
        let call = try KeywordArguments(arguments)
        let result = try Vectorcall.call(pointer, call.arguments, names: call.names.pointer, gil)
        return try Value.fromPython(BorrowedReference(result.pointer), gil)
    }
}
