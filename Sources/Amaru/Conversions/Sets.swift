// Set ⇄ set and frozenset.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension Set: ConvertibleToPython where Element: ConvertibleToPython {
    /// Makes a `set`.
    ///
    /// - Throws: ``PythonException`` with Python's `TypeError` where an element has no hash there.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try filling(OwnedReference(new: PySet_New(nil)), gil)
    }

    /// Puts the elements into a set or frozenset that nobody has seen yet.
    func filling(_ set: consuming OwnedReference, _ gil: borrowing PythonGIL) throws
        -> OwnedReference
    {
        for element in self {
            let item = try element.pythonReference(gil)
            try PythonException.check(PySet_Add(set.pointer, item.pointer))
        }
        return set
    }
}

extension Set: ConvertibleFromPython where Element: ConvertibleFromPython {
    /// Reads a `set` or `frozenset`.
    ///
    /// - Throws: ``PythonConversionError``; also where two elements are equal in Swift, as strings
    ///   are that differ only in how they compose their characters.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Set<Element> {
        guard amaru_is_anyset(reference.pointer) != 0 else {
            throw PythonConversionError.expected("set", found: reference)
        }
        let iterator = try OwnedReference(new: PyObject_GetIter(reference.pointer))
        var result: Set<Element> = []
        while let next = PyIter_Next(iterator.pointer) {  // new
            let item = OwnedReference(new: next)
            let element = try converting(at: " element") {
                try nesting { try Element.fromPython(BorrowedReference(item.pointer), gil) }
            }
            guard result.insert(element).inserted else {
                throw PythonConversionError(.value, "two elements of the set are equal in Swift")
            }
        }
        // The end of an iteration raises nothing.
        guard PyErr_Occurred() == nil else { throw PythonException.taken() }
        return result
    }
}

/// A set that is a `frozenset` in Python, which may be an element of a set or a key.
///
/// ```swift
/// let edges: Set = [PythonFrozenSet(["a", "b"]), PythonFrozenSet(["b", "c"])]
/// ```
public struct PythonFrozenSet<Element: Hashable>: Hashable {
    /// The elements.
    public var elements: Set<Element>

    /// Creates a set of elements.
    public init(_ elements: Set<Element>) {
        self.elements = elements
    }
}

extension PythonFrozenSet: Sendable where Element: Sendable {}

extension PythonFrozenSet: ConvertibleToPython where Element: ConvertibleToPython {
    /// Makes a `frozenset`.
    ///
    /// - Throws: What the conversion of an element throws.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        // PySet_Add fills a new frozenset too: https://docs.python.org/3/c-api/set.html#c.PySet_Add
        try elements.filling(OwnedReference(new: PyFrozenSet_New(nil)), gil)
    }
}

extension PythonFrozenSet: ConvertibleFromPython where Element: ConvertibleFromPython {
    /// Reads a `set` or `frozenset`.
    ///
    /// - Throws: ``PythonConversionError`` for another object, or an element that does not convert,
    ///   with its path.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> PythonFrozenSet {
        try PythonFrozenSet(Set.fromPython(reference, gil))
    }
}
