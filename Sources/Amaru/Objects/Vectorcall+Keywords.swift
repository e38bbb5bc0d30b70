// Calls with keyword arguments: labels in any order, and a tuple of names for each set of labels.
// SPDX-License-Identifier: Apache-2.0

public import CAmaru
public import CAmaruPython

extension Vectorcall {
    /// The addresses of the labels of one call, which stand for the labels.
    @usableFromInline
    typealias Labels = UnsafeMutablePointer<UnsafeRawPointer?>

    /// Calls `callable` (borrowed), or its method `name`, with arguments of which some have labels.
    ///
    /// Swift lets an unlabelled argument follow a labelled one, Python does not: the positional
    /// ones go first, each group in its order.
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
            let names = try names(count, label)
            let positional = count - amaru_tuple_count(names.pointer)
            slots.initialize(repeating: nil, count: count + 1)
            defer {
                for index in 0..<count {
                    if let argument = slots[index + 1] { amaru_decref(argument) }
                }
            }
            try fill(slots, count, positional, label, argument)
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

    @inlinable
    @inline(__always)
    static func fill(
        _ slots: Slots,
        _ count: Int,
        _ positional: Int,
        _ label: (Int) -> StaticString,
        _ argument: (Int) throws -> OwnedReference
    ) throws {
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
    }

    /// The tuple of the labels that are not empty.
    @inlinable
    @inline(__always)
    static func names(_ count: Int, _ label: (Int) -> StaticString) throws -> OwnedReference {
        try withUnsafeTemporaryAllocation(
            of: UnsafeRawPointer?.self,
            capacity: stackCapacity
        ) { stack in
            // More arguments than there are places have their tuple made each time.
            guard count <= stackCapacity, let labels = stack.baseAddress else {
                return try makeNames(nil, count, label)
            }
            var named = 0
            for index in 0..<count where label(index).utf8CodeUnitCount != 0 {
                (labels + named).initialize(to: UnsafeRawPointer(label(index).utf8Start))
                named += 1
            }
            if let names = amaru_keyword_names(labels, named) { return OwnedReference(new: names) }
            return try makeNames(labels, count, label)
        }
    }

    @usableFromInline
    @inline(never)
    static func makeNames(
        _ labels: Labels?,
        _ count: Int,
        _ label: (Int) -> StaticString
    ) throws -> OwnedReference {
        let named = (0..<count).lazy.map(label).filter { $0.utf8CodeUnitCount != 0 }
        let tuple = try OwnedReference(new: PyTuple_New(named.count))
        for (index, literal) in named.enumerated() {
            guard let name = literal.pythonName else { throw PythonException.taken() }
            amaru_incref(name)
            amaru_tuple_fill(tuple.pointer, index, name)  // stolen
        }
        if let labels { amaru_keep_keyword_names(labels, tuple.pointer) }
        return tuple
    }
}
