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
public struct PythonMember: ~Copyable {
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
    public func dynamicallyCall(withArguments arguments: [any ConvertibleToPython]) throws
        -> PythonObject
    {
        let gil = try enter()
        return PythonObject(
            try Vectorcall.callMethod(object.pointer, pythonName(), arguments, gil)
        )
    }

    /// Calls the method with positional arguments and converts the result, without a box for it.
    @inlinable
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withArguments arguments: [any ConvertibleToPython]
    ) throws -> Value {
        let gil = try enter()
        let result = try Vectorcall.callMethod(object.pointer, pythonName(), arguments, gil)
        return try Value.fromPython(BorrowedReference(result.pointer), gil)
    }

    /// Calls the method with keyword arguments; those without a label are positional.
    @discardableResult
    @inlinable
    public func dynamicallyCall(
        withKeywordArguments arguments: KeyValuePairs<StaticString, any ConvertibleToPython>
    ) throws -> PythonObject {
        PythonObject(try call(arguments, enter()))
    }

    /// Calls the method with keyword arguments and converts the result, without a box for it.
    @inlinable
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withKeywordArguments arguments: KeyValuePairs<StaticString, any ConvertibleToPython>
    ) throws -> Value {
        let gil = try enter()
        let result = try call(arguments, gil)
        return try Value.fromPython(BorrowedReference(result.pointer), gil)
    }

    @inlinable
    func call(
        _ arguments: KeyValuePairs<StaticString, any ConvertibleToPython>,
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        let call = try KeywordArguments(arguments)
        return try Vectorcall.callMethod(
            object.pointer,
            pythonName(),
            call.arguments,
            names: call.names.pointer,
            gil
        )
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
