// Swift protocols that Python objects implement.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A Swift type that stands for a Python object of a certain shape.
///
/// Conform a structure of your own to it and to your protocol, and write each requirement of the
/// protocol as a call of the object:
///
/// ```swift
/// protocol Greeter: Sendable {
///     func greet(_ name: String) throws -> String
///     func load() async throws -> Int
/// }
///
/// struct PythonGreeter: Greeter, PythonProtocolWrapper {
///     let object: PythonObject
///     static let requirements: [PythonRequirement] = [.method("greet"), .method("load")]
///
///     func greet(_ name: String) throws -> String { try callMethod("greet", name) }
///     func load() async throws -> Int { try await awaitMethod("load") }
/// }
/// ```
///
/// It converts from an object that has all that is required; another one is a TypeError that says
/// what is missing. It converts to the object that it was made of. Its functions may be used on
/// any thread: elsewhere than on the Python thread they block the caller, or suspend it.
public protocol PythonProtocolWrapper: PythonConvertible, Sendable {
    /// What an object must have; none where not given.
    static var requirements: [PythonRequirement] { get }

    /// The object.
    var object: PythonObject { get }

    /// Wraps an object that has what is required.
    init(object: PythonObject)
}

/// Something that a Python object must have to be wrapped by a ``PythonProtocolWrapper``.
public struct PythonRequirement: Sendable, Hashable {
    let name: String
    let isMethod: Bool

    /// A callable attribute.
    public static func method(_ name: String) -> PythonRequirement {
        PythonRequirement(name: name, isMethod: true)
    }

    /// An attribute.
    public static func attribute(_ name: String) -> PythonRequirement {
        PythonRequirement(name: name, isMethod: false)
    }

    /// Says whether the object has it; the GIL is held.
    fileprivate func isMet(by object: PyPointer) throws -> Bool {
        guard let value = PyObject_GetAttrString(object, name) else {  // new
            guard PyErr_ExceptionMatches(amaru_AttributeError()) != 0 else {
                throw PythonException.taken()
            }
            PyErr_Clear()
            return false
        }
        defer { amaru_decref(value) }
        return !isMethod || PyCallable_Check(value) != 0
    }
}

extension PythonProtocolWrapper {
    /// No requirements.
    public static var requirements: [PythonRequirement] { [] }

    /// Gives the object.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        object.pythonReference(gil)
    }

    /// Wraps an object that has what is required.
    ///
    /// - Throws: ``PythonConversionError`` for another object.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Self {
        for requirement in requirements where try !requirement.isMet(by: reference.pointer) {
            let kind = requirement.isMethod ? "method" : "attribute"
            throw PythonConversionError(
                .type,
                "expected \(Self.self), found \(reference.typeName), which has no \(kind) "
                    + "'\(requirement.name)'"
            )
        }
        return Self(object: PythonObject.fromPython(reference, gil))
    }

    /// Calls a method of the object; blocks the calling thread where it is not the Python thread.
    ///
    /// - Throws: What the method raises, and what does not convert.
    public func callMethod<each Argument: ConvertibleToPython & Sendable, Value>(
        _ name: String,
        _ arguments: repeat each Argument,
        returning type: Value.Type = Value.self
    ) throws -> Value where Value: ConvertibleFromPython {
        try PythonActor.runBlocking {
            var list: [any ConvertibleToPython] = []
            for argument in repeat each arguments { list.append(argument) }
            let result = try object.calledMethod(name, list)
            return try Value.fromPython(BorrowedReference(result.pointer), PythonGIL())
        }
    }

    /// Calls a method of the object for its effect; blocks as the one that returns a value.
    ///
    /// - Throws: What the method raises.
    public func callMethod<each Argument: ConvertibleToPython & Sendable>(
        _ name: String,
        _ arguments: repeat each Argument
    ) throws {
        _ = try callMethod(name, repeat each arguments, returning: PythonObject.self)
    }

    /// Calls a method of the object and awaits what it returns, a coroutine or a future.
    ///
    /// - Throws: What the method raises, and what does not convert.
    public func awaitMethod<each Argument: ConvertibleToPython & Sendable, Value>(
        _ name: String,
        _ arguments: repeat each Argument,
        returning type: Value.Type = Value.self
    ) async throws -> Value where Value: ConvertibleFromPython & Sendable {
        let awaitable = try await PythonActor.run {
            var list: [any ConvertibleToPython] = []
            for argument in repeat each arguments { list.append(argument) }
            return PythonObject(try object.calledMethod(name, list))
        }
        let result = try await awaitable.awaited()
        return try await PythonActor.run { try result.converted() }
    }

    /// Reads an attribute; blocks the calling thread where it is not the Python thread.
    ///
    /// - Throws: ``PythonException``; ``PythonConversionError`` if the value does not convert;
    ///   ``AmaruError/Code/actorBusy``.
    public func readAttribute<Value: ConvertibleFromPython>(_ name: String) throws -> Value {
        try PythonActor.runBlocking { try object.readAttribute(name).converted() }
    }

    /// Sets an attribute; blocks the calling thread where it is not the Python thread.
    ///
    /// - Throws: ``PythonException``; ``AmaruError/Code/actorBusy``.
    public func writeAttribute(_ name: String, _ value: some ConvertibleToPython & Sendable) throws
    {
        try PythonActor.runBlocking { try object.setAttribute(name, to: value) }
    }
}

extension PythonObject {
    /// Calls a method whose name is not known at compile time (new).
    fileprivate func calledMethod(_ name: String, _ arguments: [any ConvertibleToPython]) throws
        -> OwnedReference
    {
        let gil = PythonGIL()
        let name = try name.pythonReference(gil)
        return try Vectorcall.callMethod(pointer, name.pointer, count: arguments.count) {
            try arguments[$0].pythonReference(gil)
        }
    }
}
