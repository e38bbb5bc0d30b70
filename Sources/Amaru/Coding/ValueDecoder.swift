// Python objects to Decodable values.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The decoder of one object.
final class ValueDecoder: Decoder {
    let session: CodingSession
    let object: PythonObject
    let depth: Int
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    /// The steps from the value whose `init(from:)` runs to this decoder.
    let prefix: String

    init(
        _ session: CodingSession,
        _ object: PythonObject,
        depth: Int,
        codingPath: [any CodingKey],
        prefix: String = ""
    ) {
        (self.session, self.object, self.depth) = (session, object, depth)
        (self.codingPath, self.prefix) = (codingPath, prefix)
    }

    /// Decodes a value while the thread holds the GIL.
    static func decode<Value: Decodable>(
        _ type: Value.Type,
        _ reference: borrowing BorrowedReference,
        _ coding: PythonCoding,
        _ gil: borrowing PythonGIL
    ) throws -> Value {
        let session = CodingSession(coding)
        defer { session.close() }
        let object = PythonObject(OwnedReference(borrowed: reference.pointer))
        do {
            return try ValueDecoder(session, object, depth: 0, codingPath: []).decodeValue(type)
        } catch {
            throw PythonConversionError(ofCoding: error) ?? error
        }
    }

    /// Decodes the object as a value.
    func decodeValue<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if let native = type as? any NativelyCoded.Type {
            return try cast(native.fromPython(BorrowedReference(object.pointer), session.gil()))
        }
        if let dictionary = type as? any DecodableDictionary.Type {
            return try cast(dictionary.decodeEntries(self))
        }
        try session.requireDepth(depth)
        return try type.init(from: self)
    }

    private func cast<Value>(_ value: Any) throws -> Value {
        guard let value = value as? Value else {
            throw PythonConversionError(.type, "\(Value.self) is another type than it says")
        }
        return value
    }

    /// The decoder of a part.
    func part(_ object: PythonObject, _ codingPath: [any CodingKey], prefix: String = "")
        -> ValueDecoder
    {
        ValueDecoder(session, object, depth: depth + 1, codingPath: codingPath, prefix: prefix)
    }

    /// Decodes the keys and values of a dict or another mapping.
    func forEachEntry(_ body: (ValueDecoder, ValueDecoder) throws -> Void) throws {
        try session.requireDepth(depth)
        guard let dictionary = try Fields(object, session).dictionary else {
            throw PythonConversionError.expected("dict", found: BorrowedReference(object.pointer))
        }
        // A list of its own: decoding may run Python code, which may change the dict.
        let entries = try OwnedReference(new: PyDict_Items(dictionary.pointer))
        for index in 0..<amaru_list_count(entries.pointer) {
            let entry = amaru_list_item(entries.pointer, index)  // borrowed
            guard let entry else { break }
            let key = PythonObject(OwnedReference(borrowed: amaru_tuple_item(entry, 0)))
            let value = PythonObject(OwnedReference(borrowed: amaru_tuple_item(entry, 1)))
            try body(part(key, codingPath), part(value, codingPath))
        }
    }

    // MARK: Containers

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        try coding(at: prefix) {
            KeyedDecodingContainer(
                KeyedDecoding<Key>(self, try Fields(object, session), codingPath, prefix)
            )
        }
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try coding(at: prefix) { try UnkeyedDecoding(self, object, codingPath, prefix) }
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { SingleDecoding(self) }
}

/// The container of an object that is a value alone.
struct SingleDecoding: SingleValueDecodingContainer {
    private let decoder: ValueDecoder

    init(_ decoder: ValueDecoder) {
        self.decoder = decoder
    }

    var codingPath: [any CodingKey] { decoder.codingPath }

    func decodeNil() -> Bool { decoder.object.pointer == amaru_none() }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try value() }

    func decode(_ type: Int128.Type) throws -> Int128 { try value() }

    func decode(_ type: UInt128.Type) throws -> UInt128 { try value() }

    private func value<Value: Decodable>() throws -> Value {
        // A part of itself: a type that decodes itself so comes to the limit.
        try coding(at: decoder.prefix) {
            try decoder.part(decoder.object, codingPath).decodeValue(Value.self)
        }
    }
}
