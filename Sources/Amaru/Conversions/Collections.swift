// Array ⇄ list, Dictionary ⇄ dict, Optional ⇄ None, and tuples.
// SPDX-License-Identifier: Apache-2.0

public import CAmaruPython

extension Optional: ConvertibleToPython where Wrapped: ConvertibleToPython {
    /// Gives `None` for nil.
    ///
    /// - Throws: What the conversion of an element throws.
    @inlinable
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        switch self {
        case .some(let value): try value.pythonReference(gil)
        case .none: OwnedReference(borrowed: amaru_none())
        }
    }
}

extension Optional: ConvertibleFromPython where Wrapped: ConvertibleFromPython {
    /// As the value's type.
    @inlinable
    public static var convertsWithoutPythonCode: Bool { Wrapped.convertsWithoutPythonCode }

    /// Reads `None` as nil.
    ///
    /// - Throws: ``PythonConversionError`` for another object, or an element that does not convert,
    ///   with its path.
    @inlinable
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Wrapped? {
        if reference.pointer == amaru_none() { return nil }
        return try nesting { try Wrapped.fromPython(reference, gil) }
    }
}

extension Array: ConvertibleToPython where Element: ConvertibleToPython {
    /// Makes a `list`.
    ///
    /// - Throws: What the conversion of an element throws.
    @inlinable
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let list = try OwnedReference(new: PyList_New(count))
        var index = 0
        do {
            while index < count {
                let item = try self[index].pythonReference(gil)
                amaru_list_fill(list.pointer, index, item.take())  // stolen
                index += 1
            }
        } catch {
            throw PythonConversionError.inside(error, at: "[\(index)]")
        }
        return list
    }
}

extension Array: ConvertibleFromPython where Element: ConvertibleFromPython {
    /// Reads a `list` or `tuple`, or a buffer of one dimension whose elements are of this type,
    /// such as an array of numpy; one of two dimensions is an array of arrays.
    ///
    /// - Throws: ``PythonConversionError`` for another object, or an element that does not convert,
    ///   with its path.
    @inlinable
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> [Element] {
        let sequence = reference.pointer
        if amaru_is_list(sequence) != 0 {
            return try read(amaru_list_count(sequence), gil) { index in
                // Read again each time: a conversion may run Python code, which may change the list.
                index < amaru_list_count(sequence) ? amaru_list_item(sequence, index) : nil
            }
        }
        guard amaru_is_tuple(sequence) != 0 else {
            return try elements(ofArray: reference, gil)
        }
        return try read(amaru_tuple_count(sequence), gil) { amaru_tuple_item(sequence, $0) }
    }

    /// Converts items (borrowed) until there is none; at most as many as there were at first.
    @inlinable
    @inline(__always)
    static func read(
        _ count: Int,
        _ gil: borrowing PythonGIL,
        _ item: (Int) -> PyPointer?
    ) throws -> [Element] {
        var index = 0
        do {
            return try [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
                while index < count, let item = item(index) {
                    buffer.initializeElement(at: index, to: try convert(item, gil))
                    index += 1
                    initialized = index
                }
            }
        } catch {
            throw PythonConversionError.inside(error, at: "[\(index)]")
        }
    }

    /// Converts one item, and owns it meanwhile where the conversion may run Python code.
    @inlinable
    @inline(__always)
    static func convert(_ item: PyPointer, _ gil: borrowing PythonGIL) throws -> Element {
        guard !Element.convertsWithoutPythonCode else {
            return try Element.fromPython(BorrowedReference(item), gil)
        }
        let owned = OwnedReference(borrowed: item)
        return try nesting { try Element.fromPython(BorrowedReference(owned.pointer), gil) }
    }
}

extension Dictionary: ConvertibleToPython
where Key: ConvertibleToPython, Value: ConvertibleToPython {
    /// Makes a `dict`.
    ///
    /// - Throws: What the conversion of an element throws.
    @inlinable
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let dictionary = try OwnedReference(new: PyDict_New())
        for (key, value) in self {
            do {
                let name = try key.pythonReference(gil)
                let item = try value.pythonReference(gil)
                try PythonException.check(
                    PyDict_SetItem(dictionary.pointer, name.pointer, item.pointer)
                )
            } catch {
                throw PythonConversionError.inside(error, at: "[\(key)]")
            }
        }
        return dictionary
    }
}

extension Dictionary: ConvertibleFromPython
where Key: ConvertibleFromPython, Value: ConvertibleFromPython {
    /// Reads a `dict`.
    ///
    /// - Throws: ``PythonConversionError``; also where a conversion changes the size of the dict,
    ///   which Python's own iteration refuses too.
    @inlinable
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> [Key: Value] {
        let dictionary = reference.pointer
        guard amaru_is_dict(dictionary) != 0 else {
            throw PythonConversionError.expected("dict", found: reference)
        }
        let count = amaru_dict_count(dictionary)
        var result: [Key: Value] = [:]
        result.reserveCapacity(count)
        var position = 0
        var key: PyPointer?
        var value: PyPointer?
        // Borrowed, both.
        while PyDict_Next(dictionary, &position, &key, &value) != 0, let key, let value {
            try insert(key, value, into: &result, gil)
            guard amaru_dict_count(dictionary) == count else {
                throw PythonConversionError(.value, "dict changed its size while it was read")
            }
        }
        return result
    }

    /// Converts one entry, and owns it meanwhile where the conversion may run Python code.
    @inlinable
    @inline(__always)
    static func insert(
        _ key: PyPointer,
        _ value: PyPointer,
        into result: inout [Key: Value],
        _ gil: borrowing PythonGIL
    ) throws {
        let ownedKey = OwnedReference(borrowed: key)
        let ownedValue = OwnedReference(borrowed: value)
        let name: Key
        do {
            name = try Key.fromPython(BorrowedReference(ownedKey.pointer), gil)
        } catch {
            throw PythonConversionError.inside(error, at: " key")
        }
        do {
            let item = try nesting {
                try Value.fromPython(BorrowedReference(ownedValue.pointer), gil)
            }
            // Such as two strings that Swift takes for one: "é" composed and decomposed.
            guard result.updateValue(item, forKey: name) == nil else {
                throw PythonConversionError(.value, "another key is equal to it in Swift")
            }
        } catch {
            throw PythonConversionError.inside(error, at: "[\(name)]")
        }
    }
}

/// The elements of a Python tuple, each of a type of its own.
public struct PythonTuple: ConvertibleToPython, Sendable {
    private let elements: [any ConvertibleToPython & Sendable]

    /// Creates a tuple of values that convert when it does.
    public init<each Element: ConvertibleToPython & Sendable>(_ elements: repeat each Element) {
        var all: [any ConvertibleToPython & Sendable] = []
        repeat all.append(each elements)
        self.elements = all
    }

    /// Creates a tuple of values whose types are known at run time only.
    @_disfavoredOverload
    public init(_ elements: any ConvertibleToPython & Sendable...) {
        self.elements = elements
    }

    init(elements: [any ConvertibleToPython & Sendable]) {
        self.elements = elements
    }

    /// Makes a `tuple`.
    ///
    /// - Throws: What the conversion of an element throws.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let tuple = try OwnedReference(new: PyTuple_New(elements.count))
        for (index, element) in elements.enumerated() {
            let item = try converting(at: "[\(index)]") { try element.pythonReference(gil) }
            PyTuple_SetItem(tuple.pointer, index, item.take())  // stolen, also on failure
        }
        return tuple
    }
}
