// An owned handle on a Python object: anyone may hold it, only the Python actor may use it.
// SPDX-License-Identifier: Apache-2.0

public import CAmaru

/// A Python object.
///
/// The class is isolated to ``PythonActor``: holding one, capturing it in a closure and returning
/// it from a function are fine anywhere, *using* it anywhere else is a compile error.
///
/// ```swift
/// let norm: Double = try await PythonActor.run {
///     let np = try Python.import("numpy")
///     return try np.linalg.norm([3.0, 4.0], ord: 2)
/// }
/// ```
///
/// It has no `Equatable`, `Hashable`, `Comparable`, `Sequence` or literal conformance on purpose.
/// Each of these can run Python code, which may raise, and Swift lets a conformance that is
/// isolated to an actor be used off that actor through generic code without a word. The throwing
/// functions of ``Python``, the throwing operators and ``makeIterator()`` stand in for them.
///
/// Its own members have names that attributes in Python hardly have, `converted(to:)` and
/// `awaited()` besides names of two words: `object.count` and `object.hash` are Python's, and
/// ``readAttribute(_:)`` reads whatever is hidden. Python's built-in functions are in ``Python``.
@PythonActor
@dynamicMemberLookup
@dynamicCallable
public final class PythonObject: PythonMemberLookup {
    /// An owned reference, released in `deinit`.
    ///
    /// Safe because it is set once, and what it points to is touched only by a thread that holds
    /// the GIL: the isolated members run on the Python thread, the rest takes a ``PythonGIL``.
    @usableFromInline
    nonisolated(unsafe) let pointer: PyPointer

    @inlinable
    nonisolated init(_ reference: consuming OwnedReference) {
        pointer = reference.take()
        if amaru_counting() != 0 { LiveHandles.add(pointer) }
    }

    deinit {
        if amaru_counting() != 0 { LiveHandles.remove(pointer) }
        // Not isolated: a hop for each object would cost more than all else that is done with it.
        ReleaseQueue.release(pointer)
    }

    @inlinable
    func enter() throws -> PythonGIL {
        try Interpreter.requireRunning()
        return PythonGIL()
    }

    /// Makes another reference to the object.
    @inlinable
    nonisolated func newReference(_ gil: borrowing PythonGIL) -> OwnedReference {
        OwnedReference(borrowed: pointer)
    }

    /// Converts the object.
    ///
    /// `try Int(object)` says the same where the type is known.
    ///
    /// - Throws: ``PythonConversionError`` where it is of another type or does not fit.
    @inlinable
    public func converted<Value: ConvertibleFromPython>(to type: Value.Type = Value.self) throws
        -> Value
    {
        try Interpreter.requireRunning()
        return try Value.fromPython(BorrowedReference(pointer), PythonGIL())
    }
}

extension ConvertibleFromPython {
    /// Creates the value from a Python object.
    ///
    /// - Throws: ``PythonConversionError`` where it is of another type or does not fit.
    @PythonActor
    @inlinable
    public init(_ object: PythonObject) throws {
        self = try object.converted()
    }
}

extension PythonObject: ConvertibleToPython, ConvertibleFromPython {
    /// Gives the object itself.
    @inlinable
    public nonisolated func pythonReference(_ gil: borrowing PythonGIL) -> OwnedReference {
        newReference(gil)
    }

    /// Takes any object as it is.
    @inlinable
    public nonisolated static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) -> PythonObject {
        PythonObject(OwnedReference(borrowed: reference.pointer))
    }
}

extension PythonObject {
    /// Makes a Python object of a Swift value.
    ///
    /// - Throws: ``PythonConversionError`` where the value cannot be represented.
    @inlinable
    public convenience init(_ value: some ConvertibleToPython) throws {
        try Interpreter.requireRunning()
        try self.init(value.pythonReference(PythonGIL()))
    }

    /// What `bool()` gives.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public func isTrue() throws -> Bool {
        try Interpreter.requireRunning()
        let result = PyObject_IsTrue(pointer)
        guard result >= 0 else { throw PythonException.taken() }
        return result == 1
    }

    /// Says whether both are the same object, as `is` does.
    public func isIdentical(to other: PythonObject) -> Bool { pointer == other.pointer }

    /// Says whether the object is `None`.
    public var isNone: Bool { pointer == amaru_none() }

    /// The name of the object's type.
    public var typeName: String { String(cString: amaru_type(pointer).pointee.tp_name) }

    /// The number of references to the object, for tests and leak reports.
    public var referenceCount: Int { amaru_refcount(pointer) }
}
