// `object.method` as the callee of a call: the object and the name, not yet looked up.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// What `object.method` is in `object.method(x)`: a call without the bound method.
///
/// Nobody names this type. Where the member is not called, `object.method` reads the attribute.
///
/// https://docs.python.org/3/c-api/call.html#c.PyObject_VectorcallMethod
@PythonActor
@dynamicCallable
public struct PythonMember: PythonMemberCall {
    @usableFromInline
    let object: PythonObject
    @usableFromInline
    let name: StaticString

    @inlinable
    init(_ object: PythonObject, _ name: StaticString) {
        self.object = object
        self.name = name
    }

    /// Calls the method with positional arguments.
    @discardableResult
    @inlinable
    @inline(__always)
    public func dynamicallyCall(withArguments arguments: [any ConvertibleToPython]) throws
        -> PythonObject
    {
        let gil = try enter()
        let result = try Vectorcall.callMethod(object.pointer, pythonName(), count: arguments.count)
        {
            try arguments[$0].pythonReference(gil)
        }
        return PythonObject(result)
    }

    /// Calls the method with positional arguments and converts the result, without a box for it.
    @inlinable
    @inline(__always)
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withArguments arguments: [any ConvertibleToPython]
    ) throws
        -> Value
    {
        let gil = try enter()
        let result = try Vectorcall.callMethod(object.pointer, pythonName(), count: arguments.count)
        {
            try arguments[$0].pythonReference(gil)
        }
        return try Value.fromPython(BorrowedReference(result.pointer), gil)
    }

    /// Calls the method with positional arguments of one type.
    @discardableResult
    @inlinable
    @inline(__always)
    public func dynamicallyCall<Argument: ConvertibleToPython>(withArguments arguments: [Argument])
        throws
        -> PythonObject
    {
        let gil = try enter()
        let result = try Vectorcall.callMethod(object.pointer, pythonName(), count: arguments.count)
        {
            try arguments[$0].pythonReference(gil)
        }
        return PythonObject(result)
    }

    /// Calls the method with positional arguments of one type and converts the result, without a box for it.
    @inlinable
    @inline(__always)
    public func dynamicallyCall<Argument: ConvertibleToPython, Value: ConvertibleFromPython>(
        withArguments arguments: [Argument]
    ) throws
        -> Value
    {
        let gil = try enter()
        let result = try Vectorcall.callMethod(object.pointer, pythonName(), count: arguments.count)
        {
            try arguments[$0].pythonReference(gil)
        }
        return try Value.fromPython(BorrowedReference(result.pointer), gil)
    }

    /// Calls the method with keyword arguments of one type; those without a label are positional.
    @discardableResult
    @inlinable
    @inline(__always)
    public func dynamicallyCall<Argument: ConvertibleToPython>(
        withKeywordArguments arguments: KeyValuePairs<StaticString, Argument>
    ) throws -> PythonObject {
        let gil = try enter()
        let result = try Vectorcall.call(
            object.pointer,
            method: pythonName(),
            count: arguments.count,
            label: { arguments[$0].key }
        ) {
            try arguments[$0].value.pythonReference(gil)
        }
        return PythonObject(result)
    }

    /// Calls the method with keyword arguments of one type, and converts the result, without a box for it.
    @inlinable
    @inline(__always)
    public func dynamicallyCall<Argument: ConvertibleToPython, Value: ConvertibleFromPython>(
        withKeywordArguments arguments: KeyValuePairs<StaticString, Argument>
    ) throws -> Value {
        let gil = try enter()
        let result = try Vectorcall.call(
            object.pointer,
            method: pythonName(),
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

    @inlinable
    func pythonName() throws -> PyPointer {
        guard let name = name.pythonName else { throw PythonException.taken() }
        return name
    }
}

/// Where the member's calls are that others are preferred to.
@PythonActor
public protocol PythonMemberCall {}

/// Keyword arguments of several types.
extension PythonMemberCall where Self == PythonMember {
    /// Calls the method with keyword arguments; those without a label are positional.
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

    /// Calls the method with keyword arguments, and converts the result, without a box for it.
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
}

/// Gives a Python object its second kind of member.
///
/// In an extension of a protocol, which makes the compiler prefer the members of the class
/// itself: those that read the attribute, except where the member is called.
@PythonActor
public protocol PythonMemberLookup: AnyObject {}

extension PythonMemberLookup where Self == PythonObject {
    /// The callee of `object.name(…)`.
    @inlinable
    public subscript(dynamicMember name: StaticString) -> PythonMember {
        PythonMember(self, name)
    }
}
