// Literals as Python's own: nested, and of several types.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A literal that stands for the Python object of the same source.
///
/// `[1, 2.5]` is a `list` of an `int` and a `float`, and `["a": [1], "b": nil]` a `dict` of a list
/// and `None`. A call whose arguments are all literals takes them as such if Swift has no type for
/// one of them; it is named where a literal is stored:
///
/// ```swift
/// let rows: PythonValue = [["name": "Ada", "age": 36], ["name": "Bob", "age": nil]]
/// let frame = try pd.DataFrame(rows)
/// ```
///
/// A variable inside is written `.value(count)`.
public enum PythonValue: ConvertibleToPython {
    /// `None`.
    case none
    /// A `list`.
    case list([PythonValue])
    /// A `dict`, in this order.
    case dict([(PythonValue, PythonValue)])
    /// What a Swift value is in Python.
    case value(any ConvertibleToPython)

    /// Makes the object.
    ///
    /// - Throws: ``PythonConversionError`` if a value cannot be represented; ``PythonException``
    ///   with `TypeError` if a key has no hash in Python.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        switch self {
        case .none: return OwnedReference(borrowed: amaru_none())
        case .list(let elements): return try elements.pythonReference(gil)
        case .value(let value): return try value.pythonReference(gil)
        case .dict(let entries):
            let dictionary = try OwnedReference(new: PyDict_New())
            for (key, value) in entries {
                let name = try converting(at: " key") { try key.pythonReference(gil) }
                let item = try converting(at: "[\(key)]") { try value.pythonReference(gil) }
                try PythonException.check(
                    PyDict_SetItem(dictionary.pointer, name.pointer, item.pointer)
                )
            }
            return dictionary
        }
    }
}

extension PythonValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringInterpolation,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// Creates `None`.
    public init(nilLiteral: ()) { self = .none }

    /// Creates a `bool`.
    public init(booleanLiteral value: Bool) { self = .value(value) }

    /// Creates an `int`.
    public init(integerLiteral value: Int) { self = .value(value) }

    /// Creates a `float`.
    public init(floatLiteral value: Double) { self = .value(value) }

    /// Creates a `str`.
    public init(stringLiteral value: String) { self = .value(value) }

    /// Creates a `list`.
    public init(arrayLiteral elements: PythonValue...) { self = .list(elements) }

    /// Creates a `dict`, in the order of the literal.
    public init(dictionaryLiteral elements: (PythonValue, PythonValue)...) {
        self = .dict(elements)
    }
}

extension PythonValue: CustomStringConvertible {
    /// The value as Swift prints it.
    public var description: String {
        switch self {
        case .none: "nil"
        case .list(let elements): "\(elements)"
        case .dict(let entries): "\(entries)"
        case .value(let value): "\(value)"
        }
    }
}
