// CPython's call protocol, with the arguments on the stack.
// SPDX-License-Identifier: Apache-2.0

public import CAmaruPython

/// The vectorcall protocol: arguments in an array, the names of the last ones in a tuple.
///
/// https://docs.python.org/3/c-api/call.html#the-vectorcall-protocol
@usableFromInline
enum Vectorcall {
    /// The most arguments whose slots are on the stack.
    @inlinable
    static var stackCapacity: Int { 7 }

    /// Calls `callable` (borrowed); the last arguments are those that `names` (borrowed) lists.
    @inlinable
    @inline(__always)
    static func call(
        _ callable: PyPointer,
        _ arguments: [any ConvertibleToPython],
        names: PyPointer? = nil,
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        try withSlots(arguments, after: nil, gil) { slots, count in
            let named = names.map { amaru_tuple_count($0) } ?? 0
            return PyObject_Vectorcall(
                callable,
                slots + 1,
                amaru_vectorcall_count(count - named),
                names
            )
        }
    }

    /// Calls the method `name` of `object` (both borrowed) without making the bound method.
    @inlinable
    @inline(__always)
    static func callMethod(
        _ object: PyPointer,
        _ name: PyPointer,
        _ arguments: [any ConvertibleToPython],
        names: PyPointer? = nil,
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        try withSlots(arguments, after: object, gil) { slots, count in
            let named = names.map { amaru_tuple_count($0) } ?? 0
            return PyObject_VectorcallMethod(
                name,
                slots,
                amaru_vectorcall_count(count + 1 - named),
                names
            )
        }
    }

    /// Converts the arguments into slots that follow one for `self`, which the callee may use.
    @inlinable
    @inline(__always)
    static func withSlots(
        _ arguments: [any ConvertibleToPython],
        after first: PyPointer?,
        _ gil: borrowing PythonGIL,
        _ body: (_ slots: UnsafeMutablePointer<PyPointer?>, _ count: Int) -> PyPointer?
    ) throws -> OwnedReference {
        let count = arguments.count
        guard count <= stackCapacity else {
            return try withHeapSlots(arguments, after: first, gil, body)
        }
        return try withUnsafeTemporaryAllocation(
            of: PyPointer?.self,
            capacity: 1 + stackCapacity
        ) { buffer in
            // Safe because the capacity is not zero.
            guard let slots = buffer.baseAddress else { throw PythonException.taken() }
            return try fill(slots, arguments, after: first, gil, body)
        }
    }

    @usableFromInline
    static func withHeapSlots(
        _ arguments: [any ConvertibleToPython],
        after first: PyPointer?,
        _ gil: borrowing PythonGIL,
        _ body: (_ slots: UnsafeMutablePointer<PyPointer?>, _ count: Int) -> PyPointer?
    ) throws -> OwnedReference {
        let slots = UnsafeMutablePointer<PyPointer?>.allocate(capacity: arguments.count + 1)
        defer { slots.deallocate() }
        return try fill(slots, arguments, after: first, gil, body)
    }

    @inlinable
    @inline(__always)
    static func fill(
        _ slots: UnsafeMutablePointer<PyPointer?>,
        _ arguments: [any ConvertibleToPython],
        after first: PyPointer?,
        _ gil: borrowing PythonGIL,
        _ body: (_ slots: UnsafeMutablePointer<PyPointer?>, _ count: Int) -> PyPointer?
    ) throws -> OwnedReference {
        slots.initialize(to: first)
        var filled = 0
        defer {
            while filled > 0 {
                if let slot = slots[filled] { amaru_decref(slot) }
                filled -= 1
            }
        }
        do {
            for argument in arguments {
                let reference = try argument.pythonReference(gil)
                filled += 1
                (slots + filled).initialize(to: reference.take())
            }
        } catch {
            throw argumentError(error, at: filled)
        }
        return try OwnedReference(new: body(slots, filled))
    }

    /// Says which argument did not convert.
    @usableFromInline
    @inline(never)
    static func argumentError(_ error: any Error, at index: Int) -> any Error {
        guard let error = error as? PythonConversionError else { return error }
        return error.at("argument \(index + 1)")
    }
}
