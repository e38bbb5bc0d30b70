// What has keys in Swift: the entries of a dict, or the attributes of an object.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

struct Fields {
    private let session: CodingSession
    /// A dict, or the object whose attributes they are.
    private let source: PythonObject
    private let isDictionary: Bool

    init(_ object: PythonObject, _ session: CodingSession) throws {
        self.session = session
        let gil = try session.gil()
        if amaru_is_dict(object.pointer) != 0 {
            (source, isDictionary) = (object, true)
            return
        }
        source = PythonObject(try RuntimeValue.make(.coding, "fields_of", [object], gil))
        isDictionary = amaru_is_dict(source.pointer) != 0
    }

    /// The dict, unless they are attributes.
    var dictionary: PythonObject? { isDictionary ? source : nil }

    /// The object under a key; nil where there is none.
    func value(_ key: some CodingKey) throws -> PythonObject? {
        if let index = key.pythonIndex, isDictionary, let value = try item(index) { return value }
        let name = session.coding.keys.encode(key.stringValue)
        return isDictionary ? try item(name) : try attribute(name)
    }

    private func item(_ key: some ConvertibleToPython) throws -> PythonObject? {
        let key = try key.pythonReference(session.gil())
        let value = PyDict_GetItemWithError(source.pointer, key.pointer)  // borrowed
        if let value { return PythonObject(OwnedReference(borrowed: value)) }
        guard PyErr_Occurred() == nil else { throw PythonException.taken() }
        return nil
    }

    private func attribute(_ name: String) throws -> PythonObject? {
        let name = try name.pythonReference(session.gil())
        if let value = PyObject_GetAttr(source.pointer, name.pointer) {  // new
            return PythonObject(OwnedReference(new: value))
        }
        guard PyErr_ExceptionMatches(amaru_AttributeError()) != 0 else {
            throw PythonException.taken()
        }
        PyErr_Clear()
        return nil
    }

    /// The object under a key.
    func required(_ key: some CodingKey) throws -> PythonObject {
        if let value = try value(key) { return value }
        let name = session.coding.keys.encode(key.stringValue)
        let text =
            isDictionary
            ? "key '\(name)' is missing"
            : "\(BorrowedReference(source.pointer).typeName) has no attribute '\(name)'"
        throw PythonConversionError(.value, text)
    }

    /// The keys of a type that there are; of attributes those that hold data.
    func keys<Key: CodingKey>(_ type: Key.Type) -> [Key] {
        let names = try? RuntimeValue.make(.coding, "names_of_fields", [source], session.gil())
        guard let names, let gil = try? session.gil() else { return [] }
        let found = try? [PythonObject].fromPython(BorrowedReference(names.pointer), gil)
        return (found ?? []).compactMap { name in
            let name = BorrowedReference(name.pointer)
            if let index = try? Int.fromPython(name, gil) {
                return Key(intValue: index) ?? Key(stringValue: "\(index)")
            }
            guard let text = try? String.fromPython(name, gil) else { return nil }
            return Key(stringValue: session.coding.keys.decode(text)) ?? Key(stringValue: text)
        }
    }
}
