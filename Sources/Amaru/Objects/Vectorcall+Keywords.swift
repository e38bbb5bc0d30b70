// Calls with keyword arguments: labels in any order, and a tuple of names for each set of labels.
// SPDX-License-Identifier: Apache-2.0

public import CAmaruPython

extension Vectorcall {
    /// Calls `callable` (borrowed), or its method `name`, with arguments of which some have labels.
    @inlinable
    @inline(__always)
    static func call(
        _ callable: PyPointer,
        method name: PyPointer?,
        count: Int,
        label: (Int) -> StaticString,
        _ argument: (Int) throws -> OwnedReference
    ) throws -> OwnedReference {
        try withSlots(count) { slots in
            slots.initialize(repeating: nil, count: count + 1)
            defer {
                for index in 0..<count {
                    if let argument = slots[index + 1] { amaru_decref(argument) }
                }
            }
            let names = try fill(slots, count, label: label, argument)
            let positional = count - amaru_tuple_count(names.pointer)
            guard let name else {
                return try OwnedReference(
                    new: PyObject_Vectorcall(
                        callable,
                        slots + 1,
                        amaru_vectorcall_count(positional),
                        names.pointer
                    )
                )
            }
            slots[0] = callable
            return try OwnedReference(
                new: PyObject_VectorcallMethod(
                    name,
                    slots,
                    amaru_vectorcall_count(positional + 1),
                    names.pointer
                )
            )
        }
    }

    /// Fills the slots, positional arguments first, and gives the tuple of the names.
    ///
    /// Swift lets an unlabelled argument follow a labelled one, Python does not.
    @inlinable
    @inline(__always)
    static func fill(
        _ slots: Slots,
        _ count: Int,
        label: (Int) -> StaticString,
        _ argument: (Int) throws -> OwnedReference
    ) throws -> OwnedReference {
        var positional = 0
        for index in 0..<count where label(index).utf8CodeUnitCount == 0 { positional += 1 }
        let names = try names(count, positional, label: label)
        var index = 0
        var nextPositional = 1
        var nextNamed = positional + 1
        do {
            while index < count {
                let reference = try argument(index)
                if label(index).utf8CodeUnitCount == 0 {
                    slots[nextPositional] = reference.take()
                    nextPositional += 1
                } else {
                    slots[nextNamed] = reference.take()
                    nextNamed += 1
                }
                index += 1
            }
        } catch {
            throw PythonConversionError.inside(error, at: "argument \(index + 1)")
        }
        return names
    }

    @inlinable
    @inline(__always)
    static func names(
        _ count: Int,
        _ positional: Int,
        label: (Int) -> StaticString
    ) throws -> OwnedReference {
        try withUnsafeTemporaryAllocation(of: PyPointer?.self, capacity: 8) { stack in
            let named = count - positional
            // The capacity is not zero.
            guard named <= 8, let base = stack.baseAddress else {
                let names = Slots.allocate(capacity: named)
                defer { names.deallocate() }
                return try tuple(names, count, label: label)
            }
            return try tuple(base, count, label: label)
        }
    }

    @inlinable
    @inline(__always)
    static func tuple(
        _ names: Slots,
        _ count: Int,
        label: (Int) -> StaticString
    ) throws -> OwnedReference {
        var named = 0
        for index in 0..<count where label(index).utf8CodeUnitCount != 0 {
            guard let name = label(index).pythonName else { throw PythonException.taken() }
            (names + named).initialize(to: name)
            named += 1
        }
        return try OwnedReference(new: amaru_keyword_names(names, named))
    }
}
