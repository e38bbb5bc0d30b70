// An iteration over a Python object, whose steps can raise.
// SPDX-License-Identifier: Apache-2.0

public import CAmaruPython

/// An iteration over a Python object, whose steps can raise.
///
/// ```swift
/// let numbers = try Python.eval("range(10)").makeIterator()
/// while let number: Int = try numbers.next() { print(number) }
/// ```
///
/// It is no `IteratorProtocol`: that cannot throw, and would be usable off the Python thread.
@PythonActor
public final class PythonIterator {
    @usableFromInline
    let iterator: PythonObject

    @inlinable
    init(_ iterator: PythonObject) {
        self.iterator = iterator
    }

    /// Advances to the next element; nil after the last one.
    ///
    /// - Throws: ``PythonException``.
    @inlinable
    public func next() throws -> PythonObject? {
        try Interpreter.requireRunning()
        guard let element = amaru_next(iterator.pointer) else { return try end() }
        return PythonObject(OwnedReference(new: element))
    }

    /// Advances to the next element and converts it, without a box for it.
    ///
    /// - Throws: ``PythonException``; ``PythonConversionError`` if the element does not convert.
    @inlinable
    public func next<Value: ConvertibleFromPython>(
        as type: Value.Type = Value.self
    ) throws -> Value? {
        try Interpreter.requireRunning()
        guard let element = amaru_next(iterator.pointer) else { return try end() }
        let owned = OwnedReference(new: element)
        return try Value.fromPython(BorrowedReference(owned.pointer), PythonGIL())
    }

    /// Tells the end from an error: a step that gives NULL may have raised StopIteration or not.
    @usableFromInline
    @inline(never)
    func end<Value>() throws -> Value? {
        guard PyErr_Occurred() != nil else { return nil }
        guard PyErr_ExceptionMatches(amaru_StopIteration()) != 0 else {
            throw PythonException.taken()
        }
        PyErr_Clear()
        return nil
    }
}
