// What the bridge needs to know of an exception class, found once for each.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// What the bridge needs to know of an exception class.
final class ExceptionType: Sendable {
    /// The names of the class and of its bases, as ``PythonException/typeNames`` has them.
    let names: [String]
    let isGroup: Bool
    /// What makes the Swift error, where the class was declared with one.
    let arrival: ExceptionArrival?

    private init(_ type: PyPointer, _ gil: borrowing PythonGIL) {
        names = Self.names(of: type, gil)
        isGroup = PyType_IsSubtype(Self.asType(type), Self.asType(amaru_BaseExceptionGroup())) != 0
        arrival = ExceptionArrival.find(in: type)
    }

    // MARK: The table

    private struct Entry {
        let type: ExceptionType
        /// A weak reference, owned; nil for a class that never goes away.
        let reference: PyPointer?
    }

    /// The classes that were raised, by address.
    ///
    /// Safe because it is touched with the GIL held only, and nothing in between releases it.
    private nonisolated(unsafe) static var table: [PyPointer: Entry] = [:]
    /// The class that was raised last: a loop that raises raises the same again.
    ///
    /// Safe for the same reason.
    private nonisolated(unsafe) static var last: (pointer: PyPointer, entry: Entry)?
    private nonisolated(unsafe) static var sweepSize = 64

    /// Describes the class of an exception object (borrowed); the caller holds the GIL.
    static func describe(_ exception: PyPointer) -> ExceptionType {
        let pointer = asObject(amaru_type(exception))
        if let last, last.pointer == pointer, isCurrent(last.entry, pointer) {
            return last.entry.type
        }
        if let entry = table[pointer], isCurrent(entry, pointer) {
            last = (pointer, entry)
            return entry.type
        }
        return make(pointer)
    }

    /// A class may have gone and another one stand at its address.
    private static func isCurrent(_ entry: Entry, _ pointer: PyPointer) -> Bool {
        guard let reference = entry.reference else { return true }
        return amaru_weak_target(reference) == pointer
    }

    private static func make(_ pointer: PyPointer) -> ExceptionType {
        let made = ExceptionType(pointer, PythonGIL())
        if table.count >= sweepSize { sweep() }
        // New. The classes that C defines refuse, and stay.
        let reference = PyWeakref_NewRef(pointer, nil)
        if reference == nil { PyErr_Clear() }
        let entry = Entry(type: made, reference: reference)
        let former = table.updateValue(entry, forKey: pointer)
        last = (pointer, entry)
        if let reference = former?.reference { amaru_decref(reference) }
        return made
    }

    /// Forgets the classes that are gone, so that the table does not grow with each of a million.
    private static func sweep() {
        let gone = table.filter { !isCurrent($0.value, $0.key) }
        for pointer in gone.keys { table[pointer] = nil }
        last = nil
        sweepSize = max(64, table.count * 2)
        for entry in gone.values {
            if let reference = entry.reference { amaru_decref(reference) }
        }
    }

    // MARK: Names

    private static func names(of type: PyPointer, _ gil: borrowing PythonGIL) -> [String] {
        guard let bases = asType(type).pointee.tp_mro else { return [] }
        let base = asType(amaru_BaseException())
        return (0..<amaru_tuple_count(bases)).compactMap { index in
            guard let each = amaru_tuple_item(bases, index),
                PyType_IsSubtype(asType(each), base) != 0
            else { return nil }
            return qualifiedName(of: each, gil)
        }
    }

    /// The name of a class, qualified by its module unless that is `builtins`.
    static func qualifiedName(of type: PyPointer, _ gil: borrowing PythonGIL) -> String {
        guard let name = text(of: type, "__qualname__", gil) else {
            return String(cString: asType(type).pointee.tp_name)
        }
        guard let module = text(of: type, "__module__", gil), module != "builtins" else {
            return name
        }
        return "\(module).\(name)"
    }

    private static func text(
        of object: PyPointer,
        _ name: StaticString,
        _ gil: borrowing PythonGIL
    ) -> String? {
        guard let value = PyObject_GetAttrString(object, name.cString) else {  // new
            PyErr_Clear()
            return nil
        }
        let owned = OwnedReference(new: value)
        return try? String.fromPython(BorrowedReference(owned.pointer), gil)
    }

    private static func asType(_ pointer: PyPointer) -> UnsafeMutablePointer<PyTypeObject> {
        UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: PyTypeObject.self)
    }

    private static func asObject(_ type: UnsafeMutablePointer<PyTypeObject>) -> PyPointer {
        UnsafeMutableRawPointer(type).assumingMemoryBound(to: PyObject.self)
    }
}
