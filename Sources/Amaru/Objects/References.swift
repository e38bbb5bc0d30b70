// Reference ownership as types: owned, borrowed, and the proof that the GIL is held.
// SPDX-License-Identifier: Apache-2.0

public import CAmaruPython

/// A raw object pointer, with no ownership of its own.
@usableFromInline
typealias PyPointer = UnsafeMutablePointer<PyObject>

/// A proof that the running thread holds Python's global interpreter lock.
///
/// The bridge makes it around each conversion and passes it down; it cannot be copied or made
/// elsewhere, so code that has one may touch Python objects.
@frozen
public struct PythonGIL: ~Copyable {
    /// For the places where the bridge itself knows that the thread holds the GIL.
    @usableFromInline
    init() {}
}

/// A reference that this value owns: releasing it is its own duty.
///
/// What a ``ConvertibleToPython`` type returns. Make one by converting something simpler.
@frozen
public struct OwnedReference: ~Copyable {
    /// Borrowed from this value.
    ///
    /// Read it from a named value only, which lives to the end of its scope: a temporary is
    /// destroyed as soon as the pointer is read.
    @usableFromInline
    let pointer: PyPointer

    /// Takes over a new reference.
    @inlinable
    init(new pointer: PyPointer) {
        self.pointer = pointer
    }

    /// Takes over a new reference, or throws the exception that the C call left.
    @inlinable
    init(new pointer: PyPointer?) throws {
        guard let pointer else { throw PythonException.taken() }
        self.pointer = pointer
    }

    /// Makes a new reference to a borrowed object.
    @inlinable
    init(borrowed pointer: PyPointer) {
        amaru_incref(pointer)
        self.pointer = pointer
    }

    @inlinable
    deinit {
        amaru_decref(pointer)
    }

    /// Gives the reference away, to a C function that steals it or returns it to Python.
    @inlinable
    consuming func take() -> PyPointer {
        let pointer = pointer
        discard self
        return pointer
    }
}

/// A reference that something else keeps alive while this value is lent.
///
/// What a ``ConvertibleFromPython`` type is made from. It cannot be kept.
@frozen
public struct BorrowedReference: ~Copyable {
    @usableFromInline
    let pointer: PyPointer

    @inlinable
    init(_ pointer: PyPointer) {
        self.pointer = pointer
    }

    /// The name of the object's type, as Python prints it.
    var typeName: String {
        String(cString: amaru_type(pointer).pointee.tp_name)
    }
}
