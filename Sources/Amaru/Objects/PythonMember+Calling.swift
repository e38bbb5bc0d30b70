// Calls of the method, with positional and keyword arguments.
// SPDX-License-Identifier: Apache-2.0
//
// Written by Tests/Python/overloads.py: change that.

internal import CAmaruPython

/// Calls as Swift writes them: `try object.method(1, key: 2)`.
///
/// Arguments of one type, as a single one always is, have overloads of their own: the compiler
/// then knows the conversion and makes no existential of each.
extension PythonMember {
    /// Calls the method with positional arguments.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    @discardableResult
    @inlinable
    @inline(__always)
    public func dynamicallyCall(
        withArguments arguments: [any ConvertibleToPython]
    ) throws -> PythonObject {
        let gil = try self.enter()
        let result = try Vectorcall.callMethod(
            self.object.pointer,
            self.pythonName(),
            count: arguments.count
        ) {
            try arguments[$0].pythonReference(gil)
        }
        return PythonObject(result)
    }

    /// Calls the method with positional arguments of one type.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    @discardableResult
    @inlinable
    @inline(__always)
    public func dynamicallyCall<Argument: ConvertibleToPython>(
        withArguments arguments: [Argument]
    ) throws -> PythonObject {
        let gil = try self.enter()
        let result = try Vectorcall.callMethod(
            self.object.pointer,
            self.pythonName(),
            count: arguments.count
        ) {
            try arguments[$0].pythonReference(gil)
        }
        return PythonObject(result)
    }

    /// Calls the method with keyword arguments of one type; those without a label are positional.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    @discardableResult
    @inlinable
    @inline(__always)
    public func dynamicallyCall<Argument: ConvertibleToPython>(
        withKeywordArguments arguments: KeyValuePairs<StaticString, Argument>
    ) throws -> PythonObject {
        let gil = try self.enter()
        let result = try Vectorcall.call(
            self.object.pointer,
            method: self.pythonName(),
            count: arguments.count,
            label: { arguments[$0].key }
        ) {
            try arguments[$0].value.pythonReference(gil)
        }
        return PythonObject(result)
    }
}

// In an extension of a protocol, so that an operand such as `object.method(x)` is an object, and
// the operator Python's.

extension PythonTypedMemberCall where Self == PythonMember {
    /// Calls the method with positional arguments, and converts the result.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    @inlinable
    @inline(__always)
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withArguments arguments: [any ConvertibleToPython]
    ) throws -> Value {
        let gil = try self.enter()
        let result = try Vectorcall.callMethod(
            self.object.pointer,
            self.pythonName(),
            count: arguments.count
        ) {
            try arguments[$0].pythonReference(gil)
        }
        return try Value.fromPython(BorrowedReference(result.pointer), gil)
    }

    /// Calls the method with positional arguments of one type, and converts the result.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    @inlinable
    @inline(__always)
    public func dynamicallyCall<Argument: ConvertibleToPython, Value: ConvertibleFromPython>(
        withArguments arguments: [Argument]
    ) throws -> Value {
        let gil = try self.enter()
        let result = try Vectorcall.callMethod(
            self.object.pointer,
            self.pythonName(),
            count: arguments.count
        ) {
            try arguments[$0].pythonReference(gil)
        }
        return try Value.fromPython(BorrowedReference(result.pointer), gil)
    }

    /// Calls the method with keyword arguments of one type; those without a label are positional, and converts the result.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    @inlinable
    @inline(__always)
    public func dynamicallyCall<Argument: ConvertibleToPython, Value: ConvertibleFromPython>(
        withKeywordArguments arguments: KeyValuePairs<StaticString, Argument>
    ) throws -> Value {
        let gil = try self.enter()
        let result = try Vectorcall.call(
            self.object.pointer,
            method: self.pythonName(),
            count: arguments.count,
            label: { arguments[$0].key }
        ) {
            try arguments[$0].value.pythonReference(gil)
        }
        return try Value.fromPython(BorrowedReference(result.pointer), gil)
    }
}

extension PythonMemberCall where Self == PythonMember {
    /// Calls the method with keyword arguments; those without a label are positional.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    @discardableResult
    @inlinable
    @inline(__always)
    public func dynamicallyCall(
        withKeywordArguments arguments: KeyValuePairs<StaticString, any ConvertibleToPython>
    ) throws -> PythonObject {
        let gil = try self.enter()
        let result = try Vectorcall.call(
            self.object.pointer,
            method: self.pythonName(),
            count: arguments.count,
            label: { arguments[$0].key }
        ) {
            try arguments[$0].value.pythonReference(gil)
        }
        return PythonObject(result)
    }

    /// Calls the method with keyword arguments; those without a label are positional, and converts the result.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    @inlinable
    @inline(__always)
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withKeywordArguments arguments: KeyValuePairs<StaticString, any ConvertibleToPython>
    ) throws -> Value {
        let gil = try self.enter()
        let result = try Vectorcall.call(
            self.object.pointer,
            method: self.pythonName(),
            count: arguments.count,
            label: { arguments[$0].key }
        ) {
            try arguments[$0].value.pythonReference(gil)
        }
        return try Value.fromPython(BorrowedReference(result.pointer), gil)
    }

    /// Calls the method with positional arguments; nil is `None`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    @discardableResult
    @_disfavoredOverload
    public func dynamicallyCall(
        withArguments arguments: [(any ConvertibleToPython)?]
    ) throws -> PythonObject {
        PythonObject(try Vectorcall.call(self.object, method: self.name, arguments))
    }

    /// Calls the method with positional arguments; nil is `None`, and converts the result.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    @_disfavoredOverload
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withArguments arguments: [(any ConvertibleToPython)?]
    ) throws -> Value {
        try Vectorcall.call(self.object, method: self.name, arguments).converted()
    }

    /// Calls the method with keyword arguments; nil is `None`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    @discardableResult
    @_disfavoredOverload
    public func dynamicallyCall(
        withKeywordArguments arguments: KeyValuePairs<StaticString, (any ConvertibleToPython)?>
    ) throws -> PythonObject {
        PythonObject(try Vectorcall.call(self.object, method: self.name, arguments))
    }

    /// Calls the method with keyword arguments; nil is `None`, and converts the result.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    @_disfavoredOverload
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withKeywordArguments arguments: KeyValuePairs<StaticString, (any ConvertibleToPython)?>
    ) throws -> Value {
        try Vectorcall.call(self.object, method: self.name, arguments).converted()
    }

    /// Calls the method with dicts whose values are of several types.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    @discardableResult
    public func dynamicallyCall(
        withArguments arguments: [[String: any ConvertibleToPython]]
    ) throws -> PythonObject {
        PythonObject(
            try Vectorcall.call(
                self.object,
                method: self.name,
                arguments.map { try Python.dict($0) }
            )
        )
    }

    /// Calls the method with dicts whose values are of several types, and converts the result.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withArguments arguments: [[String: any ConvertibleToPython]]
    ) throws -> Value {
        try Vectorcall.call(self.object, method: self.name, arguments.map { try Python.dict($0) })
            .converted()
    }

    /// Calls the method with lists whose elements are of several types.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    @discardableResult
    public func dynamicallyCall(
        withArguments arguments: [[any ConvertibleToPython]]
    ) throws -> PythonObject {
        PythonObject(
            try Vectorcall.call(
                self.object,
                method: self.name,
                arguments.map { try Python.list($0) }
            )
        )
    }

    /// Calls the method with lists whose elements are of several types, and converts the result.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withArguments arguments: [[any ConvertibleToPython]]
    ) throws -> Value {
        try Vectorcall.call(self.object, method: self.name, arguments.map { try Python.list($0) })
            .converted()
    }

    /// Calls the method with literals, nested and of several types.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    @discardableResult
    @_disfavoredOverload
    public func dynamicallyCall(
        withArguments arguments: [PythonValue]
    ) throws -> PythonObject {
        PythonObject(try Vectorcall.call(self.object, method: self.name, arguments))
    }

    /// Calls the method with literals, nested and of several types, and converts the result.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    @_disfavoredOverload
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withArguments arguments: [PythonValue]
    ) throws -> Value {
        try Vectorcall.call(self.object, method: self.name, arguments).converted()
    }

    /// Calls the method with literals, nested and of several types, some of them by keyword.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    @discardableResult
    @_disfavoredOverload
    public func dynamicallyCall(
        withKeywordArguments arguments: KeyValuePairs<StaticString, PythonValue>
    ) throws -> PythonObject {
        PythonObject(try Vectorcall.call(self.object, method: self.name, arguments))
    }

    /// Calls the method with literals, nested and of several types, some of them by keyword, and converts the result.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    @_disfavoredOverload
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withKeywordArguments arguments: KeyValuePairs<StaticString, PythonValue>
    ) throws -> Value {
        try Vectorcall.call(self.object, method: self.name, arguments).converted()
    }
}
