// Items of Swift classes, by index or by key.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The items of a ``PythonClass`` that is a sequence: `len(a)`, `a[i]`, `a[i] = x`, `del a[i]`.
///
/// The closures get indices from 0 to below the count: negative ones are counted from the end
/// before, and others are an IndexError. `a[1:3]` reads a list, item by item. Iteration, `in` and
/// `reversed()` follow from these. The closures run with the GIL held.
///
/// ```swift
/// PythonItems(count: { $0.names.count }) { $0.names[$1] }
/// ```
public struct PythonItems<Instance: PythonClassInstance>: PythonClassMember {
    /// What the member adds to the class.
    public let definition: PythonClassDefinition

    /// Takes items that can be read.
    public init<Value: ConvertibleToPython>(
        count: @escaping @Sendable (Instance) throws -> Int,
        get: @escaping @Sendable (Instance, Int) throws -> Value
    ) {
        definition = PythonClassDefinition { Self.reading($0, count, get) }
    }

    /// Takes items that can be read and replaced.
    public init<Value: PythonConvertible>(
        count: @escaping @Sendable (Instance) throws -> Int,
        get: @escaping @Sendable (Instance, Int) throws -> Value,
        set: @escaping @Sendable (Instance, Int, Value) throws -> Void
    ) {
        definition = PythonClassDefinition {
            Self.reading($0, count, get) + [Self.setting($0, count, set)]
        }
    }

    /// Takes items that can be read, replaced and deleted.
    public init<Value: PythonConvertible>(
        count: @escaping @Sendable (Instance) throws -> Int,
        get: @escaping @Sendable (Instance, Int) throws -> Value,
        set: @escaping @Sendable (Instance, Int, Value) throws -> Void,
        delete: @escaping @Sendable (Instance, Int) throws -> Void
    ) {
        definition = PythonClassDefinition { className in
            let deleting = ClassPart.special("__delitem__", in: className, 1) {
                instance,
                arguments,
                _ in
                try Instance.lend(instance) {
                    try delete($0, Self.index(arguments[0], count($0), className))
                }
                return nil
            }
            return Self.reading(className, count, get)
                + [Self.setting(className, count, set), deleting]
        }
    }

    private static func reading<Value: ConvertibleToPython>(
        _ className: String,
        _ count: @escaping @Sendable (Instance) throws -> Int,
        _ get: @escaping @Sendable (Instance, Int) throws -> Value
    ) -> [ClassPart] {
        [
            .special("__len__", in: className, 0) { instance, _, gil in
                try Instance.lend(instance) { try count($0).pythonReference(gil).take() }
            },
            .special("__getitem__", in: className, 1) { instance, arguments, gil in
                try Instance.lend(instance) { instance in
                    let count = try count(instance)
                    if amaru_is_slice_object(arguments[0]) != 0 {
                        let indices = try Self.indices(arguments[0], count)
                        return try indices.map { try get(instance, $0) }
                            .pythonReference(gil).take()
                    }
                    let index = try Self.index(arguments[0], count, className)
                    return try get(instance, index).pythonReference(gil).take()
                }
            },
        ]
    }

    private static func setting<Value: ConvertibleFromPython>(
        _ className: String,
        _ count: @escaping @Sendable (Instance) throws -> Int,
        _ set: @escaping @Sendable (Instance, Int, Value) throws -> Void
    ) -> ClassPart {
        .special("__setitem__", in: className, 2) { instance, arguments, gil in
            // The conversion may run Python code that changes the count: it comes first.
            let value = try converting(at: "\(className)[…]") {
                try Value.fromPython(BorrowedReference(arguments[1]), gil)
            }
            try Instance.lend(instance) {
                try set($0, Self.index(arguments[0], count($0), className), value)
            }
            return nil
        }
    }

    /// The index that `key` means, from 0 to below `count`.
    private static func index(_ key: PyPointer, _ count: Int, _ className: String) throws -> Int {
        let given = PyNumber_AsSsize_t(key, amaru_IndexError_class())
        if given == -1, PyErr_Occurred() != nil { throw PythonException.taken() }
        let index = given < 0 ? given + count : given
        guard (0..<count).contains(index) else {
            throw PendingPythonError(
                amaru_IndexError_class(),
                "\(className) index out of range"
            )
        }
        return index
    }

    private static func indices(_ slice: PyPointer, _ count: Int) throws -> [Int] {
        var start = 0
        var stop = 0
        var step = 0
        try PythonException.check(PySlice_Unpack(slice, &start, &stop, &step))
        let length = PySlice_AdjustIndices(count, &start, &stop, step)
        return (0..<length).map { start + $0 * step }
    }
}

/// The items of a ``PythonClass`` that is a mapping: `a[key]`, `a[key] = x`, `del a[key]`, `in`.
///
/// A key for which the closure gives nil is a KeyError. Add ``PythonOperator`` with `.len` and a
/// ``PythonIteration`` over the keys for the rest of a mapping.
///
/// ```swift
/// PythonMapping { (store, key: String) in store.values[key] }
/// ```
public struct PythonMapping<Instance: PythonClassInstance>: PythonClassMember {
    /// What the member adds to the class.
    public let definition: PythonClassDefinition

    /// Takes items that can be read.
    public init<Key: ConvertibleFromPython, Value: ConvertibleToPython>(
        get: @escaping @Sendable (Instance, Key) throws -> Value?
    ) {
        definition = PythonClassDefinition { Self.reading($0, get) }
    }

    /// Takes items that can be read and set; to set nil is to delete.
    public init<Key: ConvertibleFromPython, Value: PythonConvertible>(
        get: @escaping @Sendable (Instance, Key) throws -> Value?,
        set: @escaping @Sendable (Instance, Key, Value?) throws -> Void
    ) {
        definition = PythonClassDefinition { className in
            let setting = ClassPart.special("__setitem__", in: className, 2) {
                instance,
                arguments,
                gil in
                let key = try Self.key(arguments[0], as: Key.self, className, gil)
                let value = try converting(at: "\(className)[\(key)]") {
                    try Value.fromPython(BorrowedReference(arguments[1]), gil)
                }
                try Instance.lend(instance) { try set($0, key, value) }
                return nil
            }
            let deleting = ClassPart.special("__delitem__", in: className, 1) {
                instance,
                arguments,
                gil in
                let key = try Self.key(arguments[0], as: Key.self, className, gil)
                try Instance.lend(instance) { instance in
                    guard try get(instance, key) != nil else {
                        throw PendingPythonError.missing(arguments[0])
                    }
                    try set(instance, key, nil)
                }
                return nil
            }
            return Self.reading(className, get) + [setting, deleting]
        }
    }

    private static func reading<Key: ConvertibleFromPython, Value: ConvertibleToPython>(
        _ className: String,
        _ get: @escaping @Sendable (Instance, Key) throws -> Value?
    ) -> [ClassPart] {
        [
            .special("__getitem__", in: className, 1) { instance, arguments, gil in
                let key = try Self.key(arguments[0], as: Key.self, className, gil)
                return try Instance.lend(instance) { instance in
                    guard let value = try get(instance, key) else {
                        throw PendingPythonError.missing(arguments[0])
                    }
                    return try value.pythonReference(gil).take()
                }
            },
            .special("__contains__", in: className, 1) { instance, arguments, gil in
                let key: Key
                do {
                    key = try Key.fromPython(BorrowedReference(arguments[0]), gil)
                } catch is PythonConversionError {
                    return false.pythonReference(gil).take()
                }
                return try Instance.lend(instance) {
                    try (get($0, key) != nil).pythonReference(gil).take()
                }
            },
        ]
    }

    private static func key<Key: ConvertibleFromPython>(
        _ object: PyPointer,
        as type: Key.Type,
        _ className: String,
        _ gil: borrowing PythonGIL
    ) throws -> Key {
        try converting(at: "\(className) key") {
            try Key.fromPython(BorrowedReference(object), gil)
        }
    }
}

/// The membership test of a ``PythonClass``: `x in a`.
///
/// An object that does not convert is not in it.
///
/// ```swift
/// PythonMembership { (set, n: Int) in set.contains(n) }
/// ```
public struct PythonMembership<Instance: PythonClassInstance>: PythonClassMember {
    /// What the member adds to the class.
    public let definition: PythonClassDefinition

    /// Takes the test.
    public init<Element: ConvertibleFromPython>(
        _ contains: @escaping @Sendable (Instance, Element) throws -> Bool
    ) {
        definition = PythonClassDefinition { className in
            [
                .special("__contains__", in: className, 1) { instance, arguments, gil in
                    let element: Element
                    do {
                        element = try Element.fromPython(BorrowedReference(arguments[0]), gil)
                    } catch is PythonConversionError {
                        return false.pythonReference(gil).take()
                    }
                    return try Instance.lend(instance) {
                        try contains($0, element).pythonReference(gil).take()
                    }
                }
            ]
        }
    }
}

extension ClassPart {
    /// A special method with that many positional arguments; nil stands for None.
    static func special(
        _ name: String,
        in className: String,
        _ count: Int,
        _ body:
            @escaping @Sendable (
                UnsafeMutableRawPointer, NativeArguments, borrowing PythonGIL
            ) throws -> PyPointer?
    ) -> ClassPart {
        .special(name: name) { instance, _, arguments, keywords, gil in
            _ = try ArgumentCursor(
                "\(className).\(name)",
                arguments,
                keywords: keywords,
                expecting: count
            )
            return try body(instance, arguments, gil) ?? PythonNone().pythonReference(gil).take()
        }
    }
}

extension PendingPythonError {
    /// Raises KeyError for a key (borrowed).
    static func missing(_ key: PyPointer) -> PendingPythonError {
        PyErr_SetObject(amaru_KeyError_class(), key)
        return PendingPythonError()
    }
}
