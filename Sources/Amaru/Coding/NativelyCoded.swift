// Types that are coded as their conversions have them, without containers.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A Codable type with a Python class of its own.
protocol NativelyCoded: PythonConvertible {}

extension Bool: NativelyCoded {}
extension Double: NativelyCoded {}
extension Float: NativelyCoded {}
extension String: NativelyCoded {}
extension Int: NativelyCoded {}
extension Int8: NativelyCoded {}
extension Int16: NativelyCoded {}
extension Int32: NativelyCoded {}
extension Int64: NativelyCoded {}
extension Int128: NativelyCoded {}
extension UInt: NativelyCoded {}
extension UInt8: NativelyCoded {}
extension UInt16: NativelyCoded {}
extension UInt32: NativelyCoded {}
extension UInt64: NativelyCoded {}
extension UInt128: NativelyCoded {}
extension Data: NativelyCoded {}
extension Date: NativelyCoded {}
extension DateComponents: NativelyCoded {}
extension Decimal: NativelyCoded {}
extension Duration: NativelyCoded {}
extension TimeZone: NativelyCoded {}
extension URL: NativelyCoded {}
extension UUID: NativelyCoded {}

/// A dictionary, whose keys are values: Codable itself makes a list of those that are not text.
protocol EncodableDictionary {
    /// Encodes each key and value.
    func encodeEntries(_ body: (any Encodable, any Encodable) throws -> Void) rethrows
}

extension Dictionary: EncodableDictionary where Key: Encodable, Value: Encodable {
    func encodeEntries(_ body: (any Encodable, any Encodable) throws -> Void) rethrows {
        for (key, value) in self { try body(key, value) }
    }
}

/// The other direction of it.
protocol DecodableDictionary {
    /// Decodes the entries of a dict.
    static func decodeEntries(_ decoder: ValueDecoder) throws -> Self
}

extension Dictionary: DecodableDictionary where Key: Decodable, Value: Decodable {
    static func decodeEntries(_ decoder: ValueDecoder) throws -> [Key: Value] {
        var result: [Key: Value] = [:]
        try decoder.forEachEntry { key, value in
            let name = try coding(at: " key") { try key.decodeValue(Key.self) }
            let entry = try coding(at: "[\(name)]") { try value.decodeValue(Value.self) }
            guard result.updateValue(entry, forKey: name) == nil else {
                throw PythonConversionError(.value, "two keys of the dict are \(name) in Swift")
            }
        }
        return result
    }
}
