// The containers that encode into a list and as a value alone.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

struct UnkeyedEncoding: UnkeyedEncodingContainer {
    private let encoder: ValueEncoder
    /// Nil where it could not be made, which the end of the encoding throws.
    private let list: PythonObject?
    let codingPath: [any CodingKey]
    private let prefix: String
    private(set) var count = 0

    init(
        _ encoder: ValueEncoder,
        _ list: PythonObject?,
        codingPath: [any CodingKey],
        prefix: String
    ) {
        (self.encoder, self.list) = (encoder, list)
        (self.codingPath, self.prefix) = (codingPath, prefix)
        if let list { count = PyList_Size(list.pointer) }
    }

    private var step: CodingStep { CodingStep(count) }

    private mutating func append(_ item: consuming OwnedReference) throws {
        count += 1
        guard let list else { return }
        try PythonException.check(PyList_Append(list.pointer, item.pointer))
    }

    mutating func encodeNil() throws {
        try append(PythonNone().pythonReference(encoder.session.gil()))
    }

    mutating func encode<Value: Encodable>(_ value: Value) throws { try add(value) }

    // The standard library has implementations for the wide integers that throw, and prefers them.
    mutating func encode(_ value: Int128) throws { try add(value) }

    mutating func encode(_ value: UInt128) throws { try add(value) }

    private mutating func add(_ value: some Encodable) throws {
        let item = try coding(at: prefix + step.pathStep) {
            try encoder.encoded(value, codingPath: codingPath + [step])
        }
        try append(item)
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type)
        -> KeyedEncodingContainer<Nested>
    {
        let (path, prefix) = (codingPath + [step], prefix + step.pathStep)
        let inner = nested(PyDict_New)
        return KeyedEncodingContainer(
            KeyedEncoding<Nested>(encoder, inner, codingPath: path, prefix: prefix)
        )
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        let (path, prefix) = (codingPath + [step], prefix + step.pathStep)
        let inner = nested { PyList_New(0) }
        return UnkeyedEncoding(encoder, inner, codingPath: path, prefix: prefix)
    }

    private mutating func nested(_ make: () -> PyPointer?) -> PythonObject? {
        guard let inner = encoder.makeContainer(make) else { return nil }
        do {
            try append(inner.newReference(encoder.session.gil()))
        } catch {
            encoder.session.fail(error)
        }
        return inner
    }

    mutating func superEncoder() -> any Encoder {
        let inner = ValueEncoder(
            encoder.session,
            depth: encoder.depth + 1,
            codingPath: codingPath + [step],
            prefix: prefix + step.pathStep
        )
        do {
            try encodeNil()
            encoder.later(under: nil, in: list, inner)
        } catch {
            encoder.session.fail(error)
        }
        return inner
    }
}

struct SingleEncoding: SingleValueEncodingContainer {
    private let encoder: ValueEncoder

    init(_ encoder: ValueEncoder) {
        self.encoder = encoder
    }

    var codingPath: [any CodingKey] { encoder.codingPath }

    func encodeNil() throws {
        try encoder.setSingle(PythonNone().pythonReference(encoder.session.gil()))
    }

    func encode<Value: Encodable>(_ value: Value) throws { try set(value) }

    func encode(_ value: Int128) throws { try set(value) }

    func encode(_ value: UInt128) throws { try set(value) }

    private func set(_ value: some Encodable) throws {
        // Evaluated first: this may come back to the encoder.
        let item = try encoder.encoded(value, codingPath: codingPath)
        try encoder.setSingle(item)
    }
}
