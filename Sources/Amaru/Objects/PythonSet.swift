// A Python set as a typed view.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A view of a Python `set` or `frozenset` whose elements convert to and from one Swift type.
///
/// It reads and changes the set itself. Used on the Python actor only.
@PythonActor
public struct PythonSet<Element: PythonConvertible> {
    /// The set.
    public let object: PythonObject

    /// Makes a new, empty set.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public init() throws {
        try Interpreter.requireRunning()
        object = PythonObject(try OwnedReference(new: PySet_New(nil)))
    }

    /// Views a set.
    ///
    /// - Throws: ``PythonConversionError`` where the object is no `set` and no `frozenset`.
    public init(_ object: PythonObject) throws {
        try Interpreter.requireRunning()
        guard amaru_is_anyset(object.pointer) != 0 else {
            throw PythonConversionError.expected("set", found: BorrowedReference(object.pointer))
        }
        self.object = object
    }

    /// The number of elements now.
    ///
    /// - Throws: ``PythonException``.
    public func count() throws -> Int { try Python.len(object) }

    /// Says whether an element is in the set.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public func contains(_ element: Element) throws -> Bool {
        try Python.contains(object, element)
    }

    /// Puts an element in.
    ///
    /// - Throws: ``PythonException`` where the set is a `frozenset` or the element has no hash.
    public func insert(_ element: Element) throws {
        try Interpreter.requireRunning()
        let item = try element.pythonReference(PythonGIL())
        // PySet_Add fills a frozenset that nobody has seen yet; this one may be known.
        guard amaru_is_set(object.pointer) != 0 else { return try refuse("add") }
        try PythonException.check(PySet_Add(object.pointer, item.pointer))
    }

    /// Takes an element out; says whether it was there.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    @discardableResult
    public func remove(_ element: Element) throws -> Bool {
        try Interpreter.requireRunning()
        let item = try element.pythonReference(PythonGIL())
        guard amaru_is_set(object.pointer) != 0 else {
            try refuse("discard")
            return false
        }
        let found = PySet_Discard(object.pointer, item.pointer)
        guard found >= 0 else { throw PythonException.taken() }
        return found == 1
    }

    /// Raises what Python raises for a method that the type does not have.
    private func refuse(_ method: String) throws { _ = try object.readAttribute(method) }
}

extension PythonSet: ConvertibleToPython {
    /// Gives the set itself.
    public nonisolated func pythonReference(_ gil: borrowing PythonGIL) -> OwnedReference {
        object.newReference(gil)
    }
}
