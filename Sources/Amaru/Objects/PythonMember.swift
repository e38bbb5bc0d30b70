// `object.method` as the callee of a call: the object and the name, not yet looked up.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The callee of `object.method(x)`, which calls the method without reading it first.
///
/// For the compiler alone: a program never writes its name. Where the member is not called,
/// `object.method` reads the attribute.
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

/// The calls of a ``PythonMember`` that the compiler takes only if no other fits.
///
/// For the compiler alone: a program never writes its name.
@PythonActor
public protocol PythonMemberCall {}

/// The calls of a ``PythonMember`` that convert the result, to which the compiler prefers others.
///
/// For the compiler alone: a program never writes its name.
@PythonActor
public protocol PythonTypedMemberCall: PythonMemberCall {}

/// The members of a ``PythonObject`` that the compiler takes only where they are called.
///
/// For the compiler alone: a program never writes its name. What is in the extension of a protocol
/// comes after the members of the class itself, which read the attribute.
@PythonActor
public protocol PythonMemberLookup: AnyObject {}

extension PythonMemberLookup where Self == PythonObject {
    /// The callee of `object.name(…)`.
    @inlinable
    public subscript(dynamicMember name: StaticString) -> PythonMember {
        PythonMember(self, name)
    }
}
