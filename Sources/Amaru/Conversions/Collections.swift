// Array ⇄ list, Dictionary ⇄ dict, Optional ⇄ None, and tuples.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension Optional: ConvertibleToPython where Wrapped: ConvertibleToPython {
    /// Gives `None` for nil.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        switch self {
        case .some(let value): try value.pythonReference(gil)
        case .none: OwnedReference(borrowed: amaru_none())
        }
    }
}

extension Optional: ConvertibleFromPython where Wrapped: ConvertibleFromPython {
    /// Reads `None` as nil.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Wrapped? {
        if reference.pointer == amaru_none() { return nil }
        return try Wrapped.fromPython(reference, gil)
    }
}

extension Array: ConvertibleToPython where Element: ConvertibleToPython {
    /// Makes a `list`.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let list = try OwnedReference(new: PyList_New(count))
        for (index, element) in enumerated() {
            let item = try converting(at: "[\(index)]") { try element.pythonReference(gil) }
            PyList_SetItem(list.pointer, index, item.take())  // stolen, also on failure
        }
        return list
    }
}

extension Array: ConvertibleFromPython where Element: ConvertibleFromPython {
    /// Reads a `list` or `tuple`.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> [Element] {
        let sequence = reference.pointer
        guard amaru_is_list(sequence) != 0 || amaru_is_tuple(sequence) != 0 else {
            throw PythonConversionError.expected("list", found: reference)
        }
        var result: [Element] = []
        result.reserveCapacity(PySequence_Size(sequence))
        // The size is read again each time and the item owned meanwhile: a conversion may run
        // Python code, which may change the list.
        var index = 0
        while index < PySequence_Size(sequence) {
            let item = try OwnedReference(new: PySequence_GetItem(sequence, index))
            let element = try converting(at: "[\(index)]") {
                try item.lend { reference in try Element.fromPython(reference, gil) }
            }
            result.append(element)
            index += 1
        }
        return result
    }
}

extension Dictionary: ConvertibleToPython
where Key: ConvertibleToPython, Value: ConvertibleToPython {
    /// Makes a `dict`.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let dictionary = try OwnedReference(new: PyDict_New())
        for (key, value) in self {
            let name = try key.pythonReference(gil)
            let item = try converting(at: "[\(key)]") { try value.pythonReference(gil) }
            guard PyDict_SetItem(dictionary.pointer, name.pointer, item.pointer) == 0 else {
                throw PythonException.taken()
            }
        }
        return dictionary
    }
}

extension Dictionary: ConvertibleFromPython
where Key: ConvertibleFromPython, Value: ConvertibleFromPython {
    /// Reads a `dict`.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> [Key: Value] {
        guard amaru_is_dict(reference.pointer) != 0 else {
            throw PythonConversionError.expected("dict", found: reference)
        }
        // A copy of the items: PyDict_Next forbids the changes that a conversion may cause.
        let items = try OwnedReference(new: PyDict_Items(reference.pointer))
        var result: [Key: Value] = [:]
        for index in 0..<PyList_Size(items.pointer) {
            // Borrowed from the list, which nobody else knows.
            let pair = PyList_GetItem(items.pointer, index)
            guard let key = PyTuple_GetItem(pair, 0), let value = PyTuple_GetItem(pair, 1) else {
                throw PythonException.taken()
            }
            let name = try converting(at: " key") { try Key.fromPython(.init(key), gil) }
            result[name] = try converting(at: "[\(name)]") {
                try Value.fromPython(.init(value), gil)
            }
        }
        return result
    }
}

/// The elements of a Python tuple, each of a type of its own.
public struct PythonTuple: ConvertibleToPython, Sendable {
    private let elements: [any ConvertibleToPython & Sendable]

    /// Creates a tuple of values that convert when it does.
    public init(_ elements: any ConvertibleToPython & Sendable...) {
        self.elements = elements
    }

    init(elements: [any ConvertibleToPython & Sendable]) {
        self.elements = elements
    }

    /// Makes a `tuple`.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let tuple = try OwnedReference(new: PyTuple_New(elements.count))
        for (index, element) in elements.enumerated() {
            let item = try converting(at: "[\(index)]") { try element.pythonReference(gil) }
            PyTuple_SetItem(tuple.pointer, index, item.take())  // stolen, also on failure
        }
        return tuple
    }
}
