// The container that decodes the items of a list, tuple, set or other sized collection.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

struct UnkeyedDecoding: UnkeyedDecodingContainer {
    private let decoder: ValueDecoder
    /// A tuple, which nothing changes meanwhile.
    private let items: PythonObject
    let codingPath: [any CodingKey]
    private let prefix: String
    private(set) var currentIndex = 0

    init(
        _ decoder: ValueDecoder,
        _ object: PythonObject,
        _ codingPath: [any CodingKey],
        _ prefix: String
    ) throws {
        let gil = try decoder.session.gil()
        (self.decoder, self.codingPath, self.prefix) = (decoder, codingPath, prefix)
        if amaru_is_list(object.pointer) != 0 || amaru_is_tuple(object.pointer) != 0 {
            items = PythonObject(try OwnedReference(new: PySequence_Tuple(object.pointer)))
        } else {
            items = PythonObject(try RuntimeValue.make(.coding, "items_of", [object], gil))
        }
    }

    var count: Int? { amaru_tuple_count(items.pointer) }

    var isAtEnd: Bool { currentIndex >= amaru_tuple_count(items.pointer) }

    private var step: CodingStep { CodingStep(currentIndex) }

    private func item() throws -> PythonObject {
        guard !isAtEnd else {
            throw PythonConversionError(
                .value,
                "there are only \(currentIndex) items, and another one is expected"
            )
        }
        _ = try decoder.session.gil()
        let item = amaru_tuple_item(items.pointer, currentIndex)  // borrowed
        guard let item else { throw PythonException.taken() }
        return PythonObject(OwnedReference(borrowed: item))
    }

    mutating func decodeNil() throws -> Bool {
        let isNil = try coding(at: prefix) { try item().pointer == amaru_none() }
        if isNil { currentIndex += 1 }
        return isNil
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try next() }

    // The standard library has implementations for the wide integers that throw, and prefers them.
    mutating func decode(_ type: Int128.Type) throws -> Int128 { try next() }

    mutating func decode(_ type: UInt128.Type) throws -> UInt128 { try next() }

    private mutating func next<Value: Decodable>() throws -> Value {
        let object = try coding(at: prefix) { try item() }
        let value = try coding(at: prefix + step.pathStep) {
            try decoder.part(object, codingPath + [step]).decodeValue(Value.self)
        }
        currentIndex += 1
        return value
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws
        -> KeyedDecodingContainer<Nested>
    {
        let container = try inner().container(keyedBy: type)
        currentIndex += 1
        return container
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let container = try inner().unkeyedContainer()
        currentIndex += 1
        return container
    }

    mutating func superDecoder() throws -> any Decoder {
        let inner = try inner()
        currentIndex += 1
        return inner
    }

    private func inner() throws -> ValueDecoder {
        let object = try coding(at: prefix) { try item() }
        return decoder.part(object, codingPath + [step], prefix: prefix + step.pathStep)
    }
}
