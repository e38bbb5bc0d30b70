// CPython's call protocol, with the arguments on the stack.
// SPDX-License-Identifier: Apache-2.0

public import CAmaruPython

/// The vectorcall protocol: arguments in an array, the names of the last ones in a tuple.
///
/// All of it is inlined into the call site: there the compiler knows the types of the arguments
/// and keeps their array on the stack.
///
/// https://docs.python.org/3/c-api/call.html#the-vectorcall-protocol
@usableFromInline
enum Vectorcall {
    /// The slots of one call: the first is for `self`, which the callee may use.
    @usableFromInline
    typealias Slots = UnsafeMutablePointer<PyPointer?>

    /// The most arguments whose slots are on the stack.
    @inlinable
    static var stackCapacity: Int { 7 }

    /// Calls `callable` (borrowed) with what `argument` makes for each index.
    @inlinable
    @inline(__always)
    static func call(
        _ callable: PyPointer,
        count: Int,
        _ argument: (Int) throws -> OwnedReference
    ) throws -> OwnedReference {
        try withArguments(count, argument) { slots in
            PyObject_Vectorcall(callable, slots + 1, amaru_vectorcall_count(count), nil)
        }
    }

    /// Calls the method `name` of `object` (both borrowed) without making the bound method.
    @inlinable
    @inline(__always)
    static func callMethod(
        _ object: PyPointer,
        _ name: PyPointer,
        count: Int,
        _ argument: (Int) throws -> OwnedReference
    ) throws -> OwnedReference {
        try withArguments(count, argument) { slots in
            slots[0] = object
            return PyObject_VectorcallMethod(name, slots, amaru_vectorcall_count(count + 1), nil)
        }
    }

    /// Lends the arguments in their slots, and releases them afterwards.
    @inlinable
    @inline(__always)
    static func withArguments(
        _ count: Int,
        _ argument: (Int) throws -> OwnedReference,
        _ body: (Slots) -> PyPointer?
    ) throws -> OwnedReference {
        try withSlots(count) { slots in
            var filled = 0
            defer {
                while filled > 0 {
                    if let argument = slots[filled] { amaru_decref(argument) }
                    filled -= 1
                }
            }
            do {
                while filled < count {
                    let reference = try argument(filled)
                    filled += 1
                    slots[filled] = reference.take()
                }
            } catch {
                throw PythonConversionError.inside(error, at: "argument \(filled + 1)")
            }
            return try OwnedReference(new: body(slots))
        }
    }

    /// Lends slots for `count` arguments, without a value.
    @inlinable
    @inline(__always)
    static func withSlots(_ count: Int, _ body: (Slots) throws -> OwnedReference) throws
        -> OwnedReference
    {
        guard count <= stackCapacity else { return try withHeapSlots(count, body) }
        return try withUnsafeTemporaryAllocation(
            of: PyPointer?.self,
            capacity: 1 + stackCapacity
        ) { buffer in
            // The capacity is not zero.
            guard let slots = buffer.baseAddress else { throw PythonException.taken() }
            return try body(slots)
        }
    }

    @inlinable
    @inline(never)
    static func withHeapSlots(_ count: Int, _ body: (Slots) throws -> OwnedReference) throws
        -> OwnedReference
    {
        let slots = Slots.allocate(capacity: count + 1)
        defer { slots.deallocate() }
        return try body(slots)
    }

    /// Calls without literals, from the bridge itself.
    static func call(
        _ callable: PyPointer,
        _ arguments: [any ConvertibleToPython],
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        try call(callable, count: arguments.count) { try arguments[$0].pythonReference(gil) }
    }
}
