// The container that encodes into a dict.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

struct KeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
    private let encoder: ValueEncoder
    /// Nil where it could not be made, which the end of the encoding throws.
    private let dictionary: PythonObject?
    let codingPath: [any CodingKey]
    private let prefix: String

    init(
        _ encoder: ValueEncoder,
        _ dictionary: PythonObject?,
        codingPath: [any CodingKey],
        prefix: String
    ) {
        (self.encoder, self.dictionary) = (encoder, dictionary)
        (self.codingPath, self.prefix) = (codingPath, prefix)
    }

    private func name(_ key: some CodingKey) throws -> OwnedReference {
        if let index = key.pythonIndex { return try index.pythonReference(encoder.session.gil()) }
        return try encoder.session.coding.keys.encode(key.stringValue)
            .pythonReference(encoder.session.gil())
    }

    private func set(_ key: some CodingKey, _ item: consuming OwnedReference) throws {
        let name = try name(key)
        guard let dictionary else { return }
        try PythonException.check(PyDict_SetItem(dictionary.pointer, name.pointer, item.pointer))
    }

    func encodeNil(forKey key: Key) throws {
        try set(key, PythonNone().pythonReference(encoder.session.gil()))
    }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        try add(value, key)
    }

    // The standard library has implementations for the wide integers that throw, and prefers them.
    func encode(_ value: Int128, forKey key: Key) throws { try add(value, key) }

    func encode(_ value: UInt128, forKey key: Key) throws { try add(value, key) }

    private func add(_ value: some Encodable, _ key: Key) throws {
        let item = try coding(at: prefix + key.pathStep) {
            try encoder.encoded(value, codingPath: codingPath + [key])
        }
        try set(key, item)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key)
        -> KeyedEncodingContainer<Nested>
    {
        let inner = nested(PyDict_New, key)
        return KeyedEncodingContainer(
            KeyedEncoding<Nested>(
                encoder,
                inner,
                codingPath: codingPath + [key],
                prefix: prefix + key.pathStep
            )
        )
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        let inner = nested({ PyList_New(0) }, key)
        return UnkeyedEncoding(
            encoder,
            inner,
            codingPath: codingPath + [key],
            prefix: prefix + key.pathStep
        )
    }

    private func nested(_ make: () -> PyPointer?, _ key: some CodingKey) -> PythonObject? {
        let inner = encoder.makeContainer(make)
        put(key, inner)
        return inner
    }

    private func put(_ key: some CodingKey, _ object: PythonObject?) {
        guard let object else { return }
        do {
            try set(key, object.newReference(encoder.session.gil()))
        } catch {
            encoder.session.fail(error)
        }
    }

    func superEncoder() -> any Encoder { superEncoder(under: CodingStep.base) }

    func superEncoder(forKey key: Key) -> any Encoder { superEncoder(under: key) }

    private func superEncoder(under key: some CodingKey) -> any Encoder {
        let inner = ValueEncoder(
            encoder.session,
            depth: encoder.depth + 1,
            codingPath: codingPath + [key],
            prefix: prefix + key.pathStep
        )
        do {
            // In its place among the keys already.
            try set(key, PythonNone().pythonReference(encoder.session.gil()))
            encoder.later(under: PythonObject(try name(key)), in: dictionary, inner)
        } catch {
            encoder.session.fail(error)
        }
        return inner
    }
}
