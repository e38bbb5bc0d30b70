// JSON as values that lose nothing, and as text.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// A JSON value whose objects keep the order of their members, and whose numbers keep their text.
///
/// What a client sends goes on to a script or to a model's server: a schema's properties have an
/// order, and numbers any size.
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    /// A string of bytes as base64, behind a prefix; only in what is sent, and so rare that all
    /// others are kept small.
    indirect case base64(Data, prefix: String = "")
    case array([JSONValue])
    case object([JSONMember])

    /// A whole number.
    package static func integer(_ value: some BinaryInteger) -> JSONValue { .number("\(value)") }

    /// A string, or null for nil.
    package init(_ text: String?) { self = text.map { .string($0) } ?? .null }

    /// An object of the members that have a value.
    static func members(_ members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
        .object(
            members.compactMap { name, value in value.map { JSONMember(name: name, value: $0) } }
        )
    }

    /// The value of a member, the last of several; nil if it is missing, or this isn't an object.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The text of a string; nil for anything else.
    package var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The whole number; nil for anything else.
    package var integer: Int? {
        guard case .number(let text) = self else { return nil }
        return Int(text)
    }

    /// The text of a number; nil for anything else.
    var number: String? {
        guard case .number(let text) = self else { return nil }
        return text
    }

    /// The elements of an array; nil for anything else.
    var array: [JSONValue]? {
        guard case .array(let values) = self else { return nil }
        return values
    }
}

/// One member of a JSON object.
package struct JSONMember: Sendable, Equatable {
    package let name: String
    package let value: JSONValue
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { JSONMember(name: $0.0, value: $0.1) })
    }
}

extension JSONValue: Equatable {
    /// Whether both are the same text.
    package static func == (one: JSONValue, other: JSONValue) -> Bool { "\(one)" == "\(other)" }
}

extension JSONValue: CustomStringConvertible {
    /// The value as one line of JSON.
    package var description: String { "\(text)" }

    /// The value as one line of JSON, to be sent.
    var text: OutgoingText {
        var text = OutgoingText()
        write(to: &text)
        return text
    }

    private func write(to text: inout OutgoingText) {
        switch self {
        case .null: text.end += "null"
        case .bool(let value): text.end += value ? "true" : "false"
        case .number(let number): text.end += number
        case .string(let string): Self.quote(string, to: &text.end)
        case .base64(let bytes, let prefix):
            text.end += "\""
            Self.escape(prefix, to: &text.end)
            text.append(base64: bytes)
            text.end += "\""
        case .array(let values):
            text.end += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text.end += "," }
                value.write(to: &text)
            }
            text.end += "]"
        case .object(let members):
            text.end += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text.end += "," }
                Self.quote(member.name, to: &text.end)
                text.end += ":"
                member.value.write(to: &text)
            }
            text.end += "}"
        }
    }

    private static func quote(_ string: String, to text: inout String) {
        text += "\""
        escape(string, to: &text)
        text += "\""
    }

    private static func escape(_ string: String, to text: inout String) {
        var rest = string.unicodeScalars[...]
        while let index = rest.firstIndex(where: isEscaped) {
            text += String(rest[..<index])
            switch rest[index] {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case let scalar:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
            rest = rest[rest.index(after: index)...]
        }
        text += String(rest)
    }

    private static func isEscaped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        // Beside the control characters: what some clients take for the end of a line.
        case "\"", "\\", "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}": true
        default: false
        }
    }
}
