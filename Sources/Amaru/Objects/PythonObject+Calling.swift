// Calls, with positional and keyword arguments.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// Calls as Swift writes them: `try object(1, key: 2)`.
///
/// Arguments of one type, as a single one always is, have overloads of their own: the compiler
/// then knows the conversion and makes no existential of each.
extension PythonObject {
    /// Calls the object with positional arguments.
    ///
    /// Disfavoured, as its siblings, so that `object.method(x)` is a call of the member, which
    /// needs no object for the bound method, and not of the attribute's value.
    @discardableResult
    @_disfavoredOverload
    @inlinable
    @inline(__always)
    public func dynamicallyCall(withArguments arguments: [any ConvertibleToPython]) throws
        -> PythonObject
    {
        let gil = try enter()
        let result = try Vectorcall.call(pointer, count: arguments.count) {
            try arguments[$0].pythonReference(gil)
        }
        return PythonObject(result)
    }

    /// Calls the object with positional arguments and converts the result, without a box for it.
    @_disfavoredOverload
    @inlinable
    @inline(__always)
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withArguments arguments: [any ConvertibleToPython]
    ) throws
        -> Value
    {
        let gil = try enter()
        let result = try Vectorcall.call(pointer, count: arguments.count) {
            try arguments[$0].pythonReference(gil)
        }
        return try Value.fromPython(BorrowedReference(result.pointer), gil)
    }

    /// Calls the object with positional arguments of one type.
    @discardableResult
    @_disfavoredOverload
    @inlinable
    @inline(__always)
    public func dynamicallyCall<Argument: ConvertibleToPython>(withArguments arguments: [Argument])
        throws
        -> PythonObject
    {
        let gil = try enter()
        let result = try Vectorcall.call(pointer, count: arguments.count) {
            try arguments[$0].pythonReference(gil)
        }
        return PythonObject(result)
    }

    /// Calls the object with positional arguments of one type and converts the result, without a box for it.
    @_disfavoredOverload
    @inlinable
    @inline(__always)
    public func dynamicallyCall<Argument: ConvertibleToPython, Value: ConvertibleFromPython>(
        withArguments arguments: [Argument]
    ) throws
        -> Value
    {
        let gil = try enter()
        let result = try Vectorcall.call(pointer, count: arguments.count) {
            try arguments[$0].pythonReference(gil)
        }
        return try Value.fromPython(BorrowedReference(result.pointer), gil)
    }

    /// Calls the object with keyword arguments of one type; those without a label are positional.
    @discardableResult
    @_disfavoredOverload
    @inlinable
    @inline(__always)
    public func dynamicallyCall<Argument: ConvertibleToPython>(
        withKeywordArguments arguments: KeyValuePairs<StaticString, Argument>
    ) throws -> PythonObject {
        let gil = try enter()
        let result = try Vectorcall.call(
            pointer,
            method: nil,
            count: arguments.count,
            label: { arguments[$0].key }
        ) {
            try arguments[$0].value.pythonReference(gil)
        }
        return PythonObject(result)
    }

    /// Calls the object with keyword arguments of one type, and converts the result, without a box for it.
    @_disfavoredOverload
    @inlinable
    @inline(__always)
    public func dynamicallyCall<Argument: ConvertibleToPython, Value: ConvertibleFromPython>(
        withKeywordArguments arguments: KeyValuePairs<StaticString, Argument>
    ) throws -> Value {
        let gil = try enter()
        let result = try Vectorcall.call(
            pointer,
            method: nil,
            count: arguments.count,
            label: { arguments[$0].key }
        ) {
            try arguments[$0].value.pythonReference(gil)
        }
        return try Value.fromPython(BorrowedReference(result.pointer), gil)
    }

    @inlinable
    func enter() throws -> PythonGIL {
        try Interpreter.requireRunning()
        return PythonGIL()
    }
}

/// Keyword arguments of several types.
///
/// In an extension of the protocol, so that arguments of one type take the overloads above.
extension PythonMemberLookup where Self == PythonObject {
    /// Calls the object with keyword arguments; those without a label are positional.
    @discardableResult
    @_disfavoredOverload
    @inlinable
    @inline(__always)
    public func dynamicallyCall(
        withKeywordArguments arguments: KeyValuePairs<StaticString, any ConvertibleToPython>
    ) throws -> PythonObject {
        let gil = try self.enter()
        let result = try Vectorcall.call(
            self.pointer,
            method: nil,
            count: arguments.count,
            label: { arguments[$0].key }
        ) {
            try arguments[$0].value.pythonReference(gil)
        }
        return PythonObject(result)
    }

    /// Calls the object with keyword arguments, and converts the result, without a box for it.
    @_disfavoredOverload
    @inlinable
    @inline(__always)
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withKeywordArguments arguments: KeyValuePairs<StaticString, any ConvertibleToPython>
    ) throws -> Value {
        let gil = try self.enter()
        let result = try Vectorcall.call(
            self.pointer,
            method: nil,
            count: arguments.count,
            label: { arguments[$0].key }
        ) {
            try arguments[$0].value.pythonReference(gil)
        }
        return try Value.fromPython(BorrowedReference(result.pointer), gil)
    }
}
