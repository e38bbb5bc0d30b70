// Tuples whose elements have types of their own.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A Python tuple of known length, each element with a type of its own.
///
/// For parameters, results and elements of collections; elsewhere ``PythonObject/tupleValues(_:)``
/// reads a tuple without naming this type.
///
/// ```swift
/// PythonFunction("swap") { (pair: PythonTypedTuple<Int, String>) in
///     let (number, text) = pair.values
///     return PythonTypedTuple(text, number)
/// }
/// ```
public struct PythonTypedTuple<each Element> {
    /// The elements.
    public let values: (repeat each Element)

    /// Creates a tuple of elements.
    public init(_ values: repeat each Element) {
        self.values = (repeat each values)
    }
}

extension PythonTypedTuple: Sendable where repeat each Element: Sendable {}

extension PythonTypedTuple: ConvertibleToPython where repeat each Element: ConvertibleToPython {
    /// Makes a `tuple`.
    ///
    /// - Throws: What the conversion of an element throws.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        var count = 0
        for _ in repeat (each Element).self { count += 1 }
        let tuple = try OwnedReference(new: PyTuple_New(count))
        var index = 0
        for value in repeat each values {
            let item = try converting(at: "[\(index)]") { try value.pythonReference(gil) }
            amaru_tuple_fill(tuple.pointer, index, item.take())  // stolen
            index += 1
        }
        return tuple
    }
}

extension PythonTypedTuple: ConvertibleFromPython
where repeat each Element: ConvertibleFromPython {
    /// Reads a `tuple` of this very length; a named tuple too.
    ///
    /// - Throws: ``PythonConversionError`` for another object, or an element that does not convert,
    ///   with its path.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> PythonTypedTuple {
        var count = 0
        for _ in repeat (each Element).self { count += 1 }
        var reader = try TupleReader(reference, expecting: count)
        return PythonTypedTuple(repeat try reader.next((each Element).self, gil))
    }
}

/// The elements of a tuple, one after the other.
struct TupleReader {
    private let tuple: PyPointer
    private var index = 0

    /// Starts with the first element of a tuple, which the caller keeps.
    init(_ reference: borrowing BorrowedReference, expecting count: Int) throws {
        tuple = reference.pointer
        guard amaru_is_tuple(tuple) != 0 else {
            throw PythonConversionError.expected("tuple", found: reference)
        }
        let found = amaru_tuple_count(tuple)
        guard found == count else {
            throw PythonConversionError(
                .value,
                "expected a tuple of \(count), found one of \(found)"
            )
        }
    }

    mutating func next<Value: ConvertibleFromPython>(
        _ type: Value.Type,
        _ gil: borrowing PythonGIL
    ) throws -> Value {
        let position = index
        index += 1
        return try converting(at: "[\(position)]") {
            // A tuple keeps its elements.
            try nesting {
                try Value.fromPython(BorrowedReference(amaru_tuple_item(tuple, position)), gil)
            }
        }
    }
}

extension PythonObject {
    /// Reads a tuple into one of Swift.
    ///
    /// ```swift
    /// let (quotient, remainder) = try Python.builtin("divmod")(7, 2).tupleValues(Int.self, Int.self)
    /// ```
    ///
    /// - Throws: ``PythonConversionError`` where it is no tuple or has another length.
    public func tupleValues<each Value: ConvertibleFromPython>(
        _ types: repeat (each Value).Type
    ) throws -> (repeat each Value) {
        try converted(to: PythonTypedTuple<repeat each Value>.self).values
    }
}
