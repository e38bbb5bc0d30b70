// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Testing

@testable import AmaruServe

struct JSONParserTests {
    @Test(
        arguments: [
            #"{"b":1,"a":{"z":[1,2.50,-0,1e400],"y":null}}"#, #"[true,false,"","é\"\\\n"]"#,
            "123456789012345678901234567890", #""""#, "[]", "{}",
        ]
    )
    func `What is read is written as it was, members in their order and numbers whole`(
        text: String
    ) throws {
        #expect("\(try JSONParser.parse(Array(text.utf8)))" == text)
    }

    @Test(
        arguments: [
            (#""\ud83d\ude00""#, "😀"), (#""\ud83dx""#, "\u{FFFD}x"), (#""\udc00""#, "\u{FFFD}"),
            (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"), (#""\u00e9\/\b""#, "é/\u{8}"),
        ]
    )
    func `Escapes are joined, and lone surrogates replaced`(text: String, value: String) throws {
        #expect(try JSONParser.parse(Array(text.utf8)) == .string(value))
    }

    @Test(
        arguments: [
            "", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "[1 2]", "01", "1.", "-", "+1", "nul",
            "NaN", "'a'", "\"a", "\"\\x\"", "\"\\u12g4\"", "\"a\nb\"", "[] []", "\u{FEFF}1", "1e",
        ]
    )
    func `What is no JSON is refused`(text: String) {
        #expect(throws: RequestError.self) { try JSONParser.parse(Array(text.utf8)) }
    }

    @Test func `Bytes that are not UTF-8 are refused`() {
        #expect(throws: RequestError.self) { try JSONParser.parse([0x22, 0xFF, 0x22]) }
    }

    @Test func `The depth has a limit, which a million brackets do not get past`() throws {
        let within = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        _ = try JSONParser.parse(Array(within.utf8))
        let fault = "the body is not valid JSON: more than 64 levels of nesting at byte 65"
        #expect(throws: RequestError.invalid(fault)) {
            try JSONParser.parse(Array(repeating: UInt8(ascii: "["), count: 1_000_000))
        }
    }

    @Test func `What some clients take for the end of a line is escaped`() {
        let text = "a\u{2028}b\u{2029}c\u{85}d\re\u{1}"
        #expect("\(JSONValue.string(text))" == #""a\u2028b\u2029c\u0085d\re\u0001""#)
    }

    @Test func `Of several members of a name the last counts`() throws {
        let value = try JSONParser.parse(Array(#"{"a":1,"a":2}"#.utf8))
        #expect(value["a"] == 2)
        #expect(value["b"] == nil)
        #expect(JSONValue.string("a")["a"] == nil)
    }

    @Test(
        arguments: [
            ("{a:1}", "expected a name in quotes, found 'a' at byte 1"),
            ("nul", "expected a value, found 'n' at byte 0"),
            ("[1 2]", "expected ',' or ']', found '2' at byte 3"),
            ("[1,", "expected a value, found the end at byte 3"),
            ("1é", "expected the end, found 0xc3 at byte 1"),
            ("\"a", "unterminated string at byte 2"),
            ("01", "number with a leading zero at byte 2"),
            ("1.", "expected a digit, found the end at byte 2"),
        ]
    )
    func `A fault names what is there, and where`(text: String, fault: String) {
        #expect(throws: RequestError.invalid("the body is not valid JSON: \(fault)")) {
            try JSONParser.parse(Array(text.utf8))
        }
    }

    @Test func `The number of values has a limit`() throws {
        func array(_ count: Int) -> [UInt8] {
            Array("[\(String(repeating: "0,", count: count - 2))0]".utf8)
        }
        _ = try JSONParser.parse(array(1 << 20))
        #expect(throws: RequestError.self) { try JSONParser.parse(array(1 << 20 + 1)) }
    }

    @Test func `A text that was changed anywhere is read or refused`() {
        let text = Array(#"{"a":[1,-2.5e+3,true,null,"é\ud83d\ude00\n"],"b":{"c":[[],{}]}}"#.utf8)
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            var changed = text
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !changed.isEmpty {
                let place = changed.indices.randomElement(using: &generator) ?? 0
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: changed[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: changed[place] = text.randomElement(using: &generator) ?? 0
                case 2: changed.remove(at: place)
                default: changed.removeSubrange(place...)
                }
            }
            guard let value = try? JSONParser.parse(changed) else { continue }
            #expect((try? JSONParser.parse(Array("\(value)".utf8))) == value)
        }
    }
}
