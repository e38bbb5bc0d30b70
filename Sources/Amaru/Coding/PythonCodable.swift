// Codable types where values cross to and from Python.
// SPDX-License-Identifier: Apache-2.0

/// A Codable type that converts to and from Python as it is encoded and decoded.
///
/// Its values may then be parameters and results of exported functions, arguments of calls, and
/// elements of collections.
///
/// ```swift
/// struct Message: PythonCodable { let role: String, content: String }
///
/// try client.create(messages: [Message(role: "user", content: "Hi")])  // a list of dicts
/// let answer: Message = try client.answer()  // a dict, a dataclass, a pydantic model
/// ```
///
/// Errors are ``PythonConversionError``, also where Swift's `DecodingError` was thrown.
public protocol PythonCodable: Codable, PythonConvertible {
    /// The options of its conversions.
    static var pythonCoding: PythonCoding { get }
}

extension PythonCodable {
    /// The default options.
    public static var pythonCoding: PythonCoding { PythonCoding() }

    /// Encodes the value.
    ///
    /// - Throws: What the encoding throws, with the path to the value.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try ValueEncoder.encode(self, Self.pythonCoding, gil)
    }

    /// Decodes a value.
    ///
    /// - Throws: What the decoding throws, with the path to the value.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Self {
        try ValueDecoder.decode(Self.self, reference, pythonCoding, gil)
    }
}

/// A value of a Codable type that is not ``PythonCodable``, such as one of another library.
///
/// ```swift
/// PythonFunction("place") { (point: PythonCoded<CGPoint>) in PythonCoded(move(point.value)) }
/// ```
public struct PythonCoded<Value> {
    /// The value.
    public var value: Value

    /// Wraps a value.
    public init(_ value: Value) {
        self.value = value
    }
}

extension PythonCoded: Sendable where Value: Sendable {}
extension PythonCoded: Equatable where Value: Equatable {}
extension PythonCoded: Hashable where Value: Hashable {}

extension PythonCoded: ConvertibleToPython where Value: Encodable {
    /// Encodes the value with the default options.
    ///
    /// - Throws: What the encoding throws, with the path to the value.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try ValueEncoder.encode(value, PythonCoding(), gil)
    }
}

extension PythonCoded: ConvertibleFromPython where Value: Decodable {
    /// Decodes a value with the default options.
    ///
    /// - Throws: What the decoding throws, with the path to the value.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> PythonCoded {
        try PythonCoded(ValueDecoder.decode(Value.self, reference, PythonCoding(), gil))
    }
}
