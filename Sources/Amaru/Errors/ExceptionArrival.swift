// Turns exceptions of a declared class into errors of a Swift type.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// What makes the Swift error of the arguments of an exception; the class keeps it in a capsule.
final class ExceptionArrival: Sendable {
    typealias Make =
        @Sendable (_ arguments: PyPointer, _ gil: borrowing PythonGIL) throws -> any Error

    private static let capsuleName: StaticString = "amaru.arrival"
    private static let attribute: StaticString = "__swift_arrival__"

    private let make: Make

    init(_ make: @escaping Make) {
        self.make = make
    }

    /// The Swift error of an exception (borrowed); nil where the arguments are others.
    func error(of exception: PyPointer, _ gil: borrowing PythonGIL) -> (any Error)? {
        guard let arguments = exception.asException.pointee.args else { return nil }
        // Kept: a conversion may run Python code, which may replace them.
        let owned = OwnedReference(borrowed: arguments)
        return try? make(owned.pointer, gil)
    }

    /// Makes a capsule that keeps this (new).
    func capsule() throws -> OwnedReference {
        let retained = Unmanaged.passRetained(self)
        let capsule = PyCapsule_New(retained.toOpaque(), Self.capsuleName.cString) { capsule in
            guard let pointer = PyCapsule_GetPointer(capsule, ExceptionArrival.capsuleName.cString)
            else { return }
            Unmanaged<ExceptionArrival>.fromOpaque(pointer).release()
        }
        guard let capsule else {
            retained.release()
            throw PythonException.taken()
        }
        return OwnedReference(new: capsule)
    }

    /// Finds the one of a class, or of one of its bases.
    static func find(in type: PyPointer) -> ExceptionArrival? {
        guard let found = PyObject_GetAttrString(type, attribute.cString) else {  // new
            PyErr_Clear()
            return nil
        }
        let capsule = OwnedReference(new: found)
        guard PyCapsule_IsValid(capsule.pointer, capsuleName.cString) != 0,
            let pointer = PyCapsule_GetPointer(capsule.pointer, capsuleName.cString)
        else { return nil }
        return Unmanaged<ExceptionArrival>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// The arguments of one exception, converted one after the other.
    struct Arguments {
        private let tuple: PyPointer
        private var index = 0

        init(_ tuple: PyPointer) {
            self.tuple = tuple
        }

        mutating func next<Value: ConvertibleFromPython>(
            _ type: Value.Type,
            _ gil: borrowing PythonGIL
        ) throws -> Value {
            guard index < amaru_tuple_count(tuple), let item = amaru_tuple_item(tuple, index) else {
                throw PythonConversionError(.type, "too few arguments")
            }
            index += 1
            return try Value.fromPython(BorrowedReference(item), gil)
        }

        func finish() throws {
            guard index == amaru_tuple_count(tuple) else {
                throw PythonConversionError(.type, "too many arguments")
            }
        }
    }
}
