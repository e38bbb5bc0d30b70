// A Python list as a typed view.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A view of a Python `list` whose elements convert to and from one Swift type.
///
/// It reads and changes the list itself; `[Element](object)` copies it. An element of another type
/// throws where it is read. Used on the Python actor only.
///
/// ```swift
/// let names = try PythonList<String>(settings.names)
/// try names.append("Amaru")
/// let first = try names[0]
/// ```
@PythonActor
public struct PythonList<Element: PythonConvertible> {
    /// The list.
    public let object: PythonObject

    /// Makes a new, empty list.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public init() throws {
        try Interpreter.requireRunning()
        object = PythonObject(try OwnedReference(new: PyList_New(0)))
    }

    /// Views a list.
    ///
    /// - Throws: ``PythonConversionError`` where the object is no `list`.
    public init(_ object: PythonObject) throws {
        try Interpreter.requireRunning()
        guard amaru_is_list(object.pointer) != 0 else {
            throw PythonConversionError.expected("list", found: BorrowedReference(object.pointer))
        }
        self.object = object
    }

    /// The number of elements now.
    public var count: Int { amaru_list_count(object.pointer) }

    /// Reads the element at a position; as in Python, one below zero counts from the end.
    ///
    /// - Throws: ``PythonException`` with `IndexError` beyond the ends; ``PythonConversionError`` if the
    ///   element is of another type or does not fit.
    public subscript(position: Int) -> Element {
        get throws {
            try Interpreter.requireRunning()
            let item = try OwnedReference(
                new: PySequence_GetItem(object.pointer, position)
            )
            return try converting(at: "[\(position)]") {
                try Element.fromPython(BorrowedReference(item.pointer), PythonGIL())
            }
        }
    }

    /// Replaces the element at a position.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public func replace(at position: Int, with element: Element) throws {
        try Interpreter.requireRunning()
        let item = try element.pythonReference(PythonGIL())
        try PythonException.check(PySequence_SetItem(object.pointer, position, item.pointer))
    }

    /// Adds an element at the end.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public func append(_ element: Element) throws {
        try Interpreter.requireRunning()
        let item = try element.pythonReference(PythonGIL())
        try PythonException.check(PyList_Append(object.pointer, item.pointer))
    }

    /// Puts an element before a position; a position beyond the end is the end, as in Python.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public func insert(_ element: Element, at position: Int) throws {
        try Interpreter.requireRunning()
        let item = try element.pythonReference(PythonGIL())
        try PythonException.check(PyList_Insert(object.pointer, position, item.pointer))
    }

    /// Takes the element at a position out.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public func remove(at position: Int) throws {
        try Interpreter.requireRunning()
        try PythonException.check(PySequence_DelItem(object.pointer, position))
    }

    /// Sorts in place, as `list.sort()` does; a failing comparison throws.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public func sort() throws {
        try Interpreter.requireRunning()
        try PythonException.check(PyList_Sort(object.pointer))
    }
}

extension PythonList: ConvertibleToPython {
    /// Gives the list itself.
    public nonisolated func pythonReference(_ gil: borrowing PythonGIL) -> OwnedReference {
        object.newReference(gil)
    }
}
