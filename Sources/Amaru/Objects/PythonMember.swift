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
public struct PythonMember: PythonTypedMemberCall {
    @usableFromInline
    let object: PythonObject
    @usableFromInline
    let name: StaticString

    @inlinable
    init(_ object: PythonObject, _ name: StaticString) {
        self.object = object
        self.name = name
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

/// Where the calls of a member are that others are preferred to.
@PythonActor
public protocol PythonMemberCall {}

/// Where the calls of a member are that convert the result: others are preferred to them.
@PythonActor
public protocol PythonTypedMemberCall: PythonMemberCall {}

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
