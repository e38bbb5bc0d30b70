// Keyword arguments in the order in which a call passes them.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The keyword arguments of a call, in its order; what `**options` gives a Python function.
///
/// ```swift
/// PythonFunction("tag", .positional("name"), .keywords("attributes")) {
///     (name: String, attributes: PythonKeywords<String>) in
///     attributes.reduce("<" + name) { $0 + " \($1.name)='\($1.value)'" } + ">"
/// }
/// ```
public struct PythonKeywords<Value: ConvertibleFromPython>: RandomAccessCollection {
    /// One argument.
    public typealias Element = (name: String, value: Value)

    private let elements: [Element]

    /// Creates a collection of arguments, for tests of closures that take them.
    public init(_ elements: [Element]) { self.elements = elements }

    /// The position of the first argument.
    public var startIndex: Int { elements.startIndex }
    /// The position after the last argument.
    public var endIndex: Int { elements.endIndex }
    /// The argument at a position.
    public subscript(position: Int) -> Element { elements[position] }
    /// The value of an argument by its name; nil where it was not passed.
    public subscript(name: String) -> Value? { elements.first { $0.name == name }?.value }
}

extension PythonKeywords: Sendable where Value: Sendable {}

extension PythonKeywords: ConvertibleFromPython {
    /// Reads a `dict` whose keys are `str`.
    ///
    /// - Throws: ``PythonConversionError`` for another object, or an element that does not convert,
    ///   with its path.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> PythonKeywords {
        guard amaru_is_dict(reference.pointer) != 0 else {
            throw PythonConversionError.expected("dict", found: reference)
        }
        // A list of its own: a conversion may run Python code, which may change the dict.
        let items = try OwnedReference(new: PyDict_Items(reference.pointer))
        var elements: [Element] = []
        for index in 0..<amaru_list_count(items.pointer) {
            let item = amaru_list_item(items.pointer, index)  // borrowed, a tuple of two
            guard let item, let key = amaru_tuple_item(item, 0),
                let value = amaru_tuple_item(item, 1)
            else { continue }
            let name = try String.fromPython(BorrowedReference(key), gil)
            do {
                elements.append((name, try Value.fromPython(BorrowedReference(value), gil)))
            } catch {
                throw PythonConversionError.inside(error, at: "[\(name)]")
            }
        }
        return PythonKeywords(elements)
    }
}
