// Reads JSON that a client has sent.
// SPDX-License-Identifier: Apache-2.0

/// A parser for one JSON text, https://www.rfc-editor.org/rfc/rfc8259, of bounded depth.
package struct JSONParser {
    private let bytes: [UInt8]
    private let depthLimit: Int
    /// What many small values take in memory is a multiple of their text.
    private static let valueLimit = 1 << 20
    private var position = 0
    private var depth = 0
    private var values = 0

    private init(_ bytes: [UInt8], depthLimit: Int) {
        (self.bytes, self.depthLimit) = (bytes, depthLimit)
    }

    /// Reads a text that is one value.
    ///
    /// - Throws: ``RequestError`` that names the place of what is wrong.
    package static func parse(
        _ bytes: [UInt8],
        depthLimit: Int = 64
    ) throws(RequestError) -> JSONValue {
        var parser = JSONParser(bytes, depthLimit: depthLimit)
        let value = try parser.value()
        parser.skipSpace()
        guard parser.next == nil else { throw parser.expected("the end") }
        return value
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func fault(_ what: String) -> RequestError {
        .invalid("the body is not valid JSON: \(what) at byte \(position)")
    }

    private func expected(_ what: String) -> RequestError {
        let found =
            switch next {
            case nil: "the end"
            case let byte? where (0x20...0x7E).contains(byte):
                "'\(Character(Unicode.Scalar(byte)))'"
            case let byte?: "0x\(String(byte, radix: 16))"
            }
        return fault("expected \(what), found \(found)")
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private mutating func take(_ byte: Character) -> Bool {
        guard next == byte.asciiValue else { return false }
        position += 1
        return true
    }

    private mutating func value() throws(RequestError) -> JSONValue {
        skipSpace()
        values += 1
        guard values <= Self.valueLimit else { throw fault("more than \(Self.valueLimit) values") }
        switch next ?? 0 {
        case UInt8(ascii: "{"): return .object(try members())
        case UInt8(ascii: "["): return .array(try elements())
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw expected("a value")
        }
    }

    private mutating func word(
        _ word: StaticString,
        _ value: JSONValue
    ) throws(RequestError) -> JSONValue {
        let length = word.utf8CodeUnitCount
        let isThere = word.withUTF8Buffer { bytes[position...].prefix(length).elementsEqual($0) }
        guard isThere else { throw expected("a value") }
        position += length
        return value
    }

    // MARK: Containers

    private mutating func enter() throws(RequestError) {
        position += 1
        depth += 1
        guard depth <= depthLimit else {
            throw fault("more than \(depthLimit) levels of nesting")
        }
        skipSpace()
    }

    private mutating func members() throws(RequestError) -> [JSONMember] {
        try enter()
        defer { depth -= 1 }
        var members: [JSONMember] = []
        guard !take("}") else { return members }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw expected("a name in quotes") }
            let name = try string()
            skipSpace()
            guard take(":") else { throw expected("':'") }
            members.append(JSONMember(name: name, value: try value()))
            skipSpace()
        } while take(",")
        guard take("}") else { throw expected("',' or '}'") }
        return members
    }

    private mutating func elements() throws(RequestError) -> [JSONValue] {
        try enter()
        defer { depth -= 1 }
        var elements: [JSONValue] = []
        guard !take("]") else { return elements }
        repeat {
            elements.append(try value())
            skipSpace()
        } while take(",")
        guard take("]") else { throw expected("',' or ']'") }
        return elements
    }

    // MARK: Numbers

    private mutating func digits() -> Int {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            position += 1
        }
        return position - start
    }

    private mutating func number() throws(RequestError) -> JSONValue {
        let start = position
        _ = take("-")
        let hasZero = next == UInt8(ascii: "0")
        let count = digits()
        guard count > 0 else { throw expected("a digit") }
        guard !hasZero || count == 1 else { throw fault("number with a leading zero") }
        if take(".") {
            guard digits() > 0 else { throw expected("a digit") }
        }
        if take("e") || take("E") {
            _ = take("+") || take("-")
            guard digits() > 0 else { throw expected("a digit") }
        }
        guard position - start <= 1000 else { throw fault("number of more than 1000 characters") }
        return .number(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    // MARK: Strings

    private mutating func string() throws(RequestError) -> String {
        position += 1
        var string = ""
        while true {
            let start = position
            while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"),
                byte >= 0x20
            {
                position += 1
            }
            guard let run = String(validating: bytes[start..<position], as: UTF8.self) else {
                throw fault("invalid UTF-8")
            }
            string += run
            guard let byte = next else { throw fault("unterminated string") }
            if byte < 0x20 { throw fault("unescaped control character") }
            position += 1
            if byte == UInt8(ascii: "\"") { return string }
            string.unicodeScalars.append(try escaped())
        }
    }

    private mutating func escaped() throws(RequestError) -> Unicode.Scalar {
        guard let byte = next else { throw fault("unterminated string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw fault("invalid escape")
        }
        let first = try hexadecimal()
        // A pair of surrogates is one character; a lone one, which some clients write, is replaced.
        guard 0xD800...0xDBFF ~= first else { return Unicode.Scalar(first) ?? "\u{FFFD}" }
        let here = position
        if take("\\"), take("u") {
            let second = try hexadecimal()
            if 0xDC00...0xDFFF ~= second {
                return Unicode.Scalar((first - 0xD800) << 10 + (second - 0xDC00) + 0x10000)
                    ?? "\u{FFFD}"
            }
        }
        position = here
        return "\u{FFFD}"
    }

    private mutating func hexadecimal() throws(RequestError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw fault("invalid escape")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
