// The container that decodes the entries of a dict or the attributes of an object.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

struct KeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let decoder: ValueDecoder
    private let fields: Fields
    let codingPath: [any CodingKey]
    private let prefix: String

    init(_ decoder: ValueDecoder, _ fields: Fields, _ codingPath: [any CodingKey], _ prefix: String)
    {
        (self.decoder, self.fields) = (decoder, fields)
        (self.codingPath, self.prefix) = (codingPath, prefix)
    }

    var allKeys: [Key] { fields.keys(Key.self) }

    func contains(_ key: Key) -> Bool {
        do {
            return try fields.value(key) != nil
        } catch {
            // There is something, and reading it throws.
            return true
        }
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        try coding(at: prefix) { try fields.required(key).pointer == amaru_none() }
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try value(key)
    }

    // The standard library has implementations for the wide integers that throw, and prefers them.
    func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 { try value(key) }

    func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 { try value(key) }

    private func value<Value: Decodable>(_ key: Key) throws -> Value {
        let object = try coding(at: prefix) { try fields.required(key) }
        return try coding(at: prefix + key.pathStep) {
            try decoder.part(object, codingPath + [key]).decodeValue(Value.self)
        }
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws
        -> KeyedDecodingContainer<Nested>
    {
        try inner(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try inner(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try inner(CodingStep.base) }

    func superDecoder(forKey key: Key) throws -> any Decoder { try inner(key) }

    private func inner(_ key: some CodingKey) throws -> ValueDecoder {
        let object = try coding(at: prefix) { try fields.required(key) }
        return decoder.part(object, codingPath + [key], prefix: prefix + key.pathStep)
    }
}
