// Encodable values to Python objects.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The encoder of one value: it becomes a dict, a list or what a single value container gets.
final class ValueEncoder: Encoder {
    /// Where the result of another encoder is to be put.
    private enum Place {
        case key(PythonObject)
        case index(Int)
    }

    let session: CodingSession
    let depth: Int
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    /// The steps from the value whose `encode(to:)` runs to this encoder.
    let prefix: String
    private var result: PythonObject?
    private var pending: [(place: Place, container: PythonObject, encoder: ValueEncoder)] = []

    init(_ session: CodingSession, depth: Int, codingPath: [any CodingKey], prefix: String = "") {
        (self.session, self.depth) = (session, depth)
        (self.codingPath, self.prefix) = (codingPath, prefix)
    }

    /// Encodes a value while the thread holds the GIL.
    static func encode<Value: Encodable>(
        _ value: Value,
        _ coding: PythonCoding,
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        let session = CodingSession(coding)
        defer { session.close() }
        let root = ValueEncoder(session, depth: 0, codingPath: [])
        do {
            return try root.encoded(value, codingPath: [])
        } catch {
            throw PythonConversionError(ofCoding: error) ?? error
        }
    }

    /// Encodes a part of this encoder's value.
    func encoded<Value: Encodable>(_ value: Value, codingPath: [any CodingKey]) throws
        -> OwnedReference
    {
        if let native = value as? any NativelyCoded {
            return try native.pythonReference(session.gil())
        }
        try session.requireDepth(depth + 1)
        let encoder = ValueEncoder(session, depth: depth + 1, codingPath: codingPath)
        if let dictionary = value as? any EncodableDictionary {
            return try encoder.encoded(dictionary)
        }
        try value.encode(to: encoder)
        guard let result = try encoder.finished() else {
            throw PythonConversionError(.value, "\(Value.self) encoded nothing")
        }
        return try result.newReference(session.gil())
    }

    private func encoded(_ entries: any EncodableDictionary) throws -> OwnedReference {
        _ = try session.gil()
        let dictionary = try OwnedReference(new: PyDict_New())
        let pointer = dictionary.pointer
        try entries.encodeEntries { key, value in
            let name = try coding(at: " key") { try encoded(key, codingPath: codingPath) }
            let item = try coding(at: "[\(key)]") { try encoded(value, codingPath: codingPath) }
            try PythonException.check(PyDict_SetItem(pointer, name.pointer, item.pointer))
        }
        return dictionary
    }

    // MARK: Containers

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        let dictionary = begin(PyDict_New, isOne: { amaru_is_dict($0) != 0 })
        return KeyedEncodingContainer(
            KeyedEncoding<Key>(self, dictionary, codingPath: codingPath, prefix: prefix)
        )
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        let list = begin({ PyList_New(0) }, isOne: { amaru_is_list($0) != 0 })
        return UnkeyedEncoding(self, list, codingPath: codingPath, prefix: prefix)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { SingleEncoding(self) }

    /// The container of this encoder, made by its first user.
    private func begin(_ make: () -> PyPointer?, isOne: (PyPointer) -> Bool) -> PythonObject? {
        if let result {
            if isOne(result.pointer) { return result }
            session.fail(
                PythonConversionError(.value, "a value is encoded in two kinds of container")
            )
            return nil
        }
        result = makeContainer(make)
        return result
    }

    func makeContainer(_ make: () -> PyPointer?) -> PythonObject? {
        do {
            _ = try session.gil()
            return PythonObject(try OwnedReference(new: make()))
        } catch {
            session.fail(error)
            return nil
        }
    }

    func setSingle(_ reference: consuming OwnedReference) throws {
        guard result == nil else {
            throw PythonConversionError(.value, "a value is encoded twice")
        }
        result = PythonObject(reference)
    }

    // MARK: Encoders of inherited values

    /// Gives an encoder whose result is put under a key when the value has been encoded.
    func later(under key: PythonObject?, in container: PythonObject?, _ encoder: ValueEncoder) {
        guard let container else { return }
        if let key {
            pending.append((.key(key), container, encoder))
        } else {
            pending.append((.index(PyList_Size(container.pointer) - 1), container, encoder))
        }
    }

    private func finished() throws -> PythonObject? {
        if let failure = session.failure { throw failure }
        _ = try session.gil()
        for (place, container, encoder) in pending {
            guard let object = try encoder.finished() else { continue }
            let status =
                switch place {
                case .key(let key):
                    PyDict_SetItem(container.pointer, key.pointer, object.pointer)
                case .index(let index):
                    PySequence_SetItem(container.pointer, index, object.pointer)
                }
            guard status == 0 else { throw PythonException.taken() }
        }
        return result
    }
}
