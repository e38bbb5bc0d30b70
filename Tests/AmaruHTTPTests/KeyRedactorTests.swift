// The search for keys in bytes, by itself.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruHTTP

@Suite(.timeLimit(.minutes(5)))
struct KeyRedactorTests {
    static let key = Array("sk-abc/def+123".utf8)
    static let search = KeySearch(KeySpelling.all(of: key))

    /// What is easily taken for a key, or for a part of one.
    static let fragments: [[UInt8]] = {
        func each(_ write: (String) -> String) -> [UInt8] {
            Array(key.map { write(String($0, radix: 16)) }.joined().utf8)
        }
        let whole = [
            key, each { $0 }, each { "%" + $0 }, each { "%25" + $0 }, each { "\\u00" + $0 },
            each { "&#x" + $0 + ";" }, Array(Data("a:".utf8 + key).base64EncodedString().utf8),
        ]
        let parts = whole.map { Array($0.prefix($0.count - 3)) } + whole.map { Array($0.prefix(5)) }
        let others = [
            "sk-", "s", "%", "%2", "%25", "\\", "\\u00", "&#", "&#x", " ", "ü", "sk-abc/",
        ]
        return whole + parts + others.map { Array($0.utf8) }
    }()

    @Test(arguments: 0..<300 as Range<UInt64>)
    func `Where a text is cut changes no more than the first letters of a key`(
        _ seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: seed)
        var text: [UInt8] = []
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            text += try #require(Self.fragments.randomElement(using: &random))
        }
        var redactor = KeyRedactor(Self.search)
        var cut: [UInt8] = []
        var start = 0
        while start < text.count {
            let end = min(text.count, start + Int.random(in: 1...9, using: &random))
            cut += redactor.take(Data(text[start..<end]))
            start = end
        }
        cut += redactor.end()
        let whole = KeyRedactor.clean(text, of: Self.search)
        #expect(cut.count == text.count && whole.count == text.count)
        let star = UInt8(ascii: "*")
        #expect(zip(whole, text).allSatisfy { $0 == $1 || $0 == star })
        // What differs are letters that had gone out before they were known to be of a key: three,
        // and the beginning of how a fourth is written.
        let differs = text.indices.map { cut[$0] != whole[$0] }
        #expect(text.indices.allSatisfy { !differs[$0] || cut[$0] == text[$0] })
        let runs = differs.split(separator: false).map(\.count)
        #expect((runs.max() ?? 0) < 4 * "\\u0000".utf8.count)
        for bytes in [cut, whole] {
            for index in bytes.indices {
                let found = bytes.withUnsafeBufferPointer { Self.search.find(at: index, in: $0) }
                if case .whole = found { Issue.record("a key is left at \(index)") }
            }
        }
    }

    @Test(arguments: ["%25252525", "\\\\\\\\\\\\\\\\", "&#0000000", "sk-abc/sk-abc/", "%%%%%%%%"])
    func `What goes on like a key without an end is not held`(_ text: String) {
        var redactor = KeyRedactor(Self.search)
        var count = 0
        for _ in 0..<1000 { count += redactor.take(Data(text.utf8)).count }
        #expect(count > 999 * text.utf8.count)
        count += redactor.end().count
        #expect(count == 1000 * text.utf8.count)
    }

    @Test func `Bytes without a key are passed on as they are`() {
        var redactor = KeyRedactor(Self.search)
        let bytes = Data((0...255).map { UInt8($0) })
        #expect(redactor.take(bytes) == bytes)
        #expect(redactor.end().isEmpty)
    }

    @Test func `Without keys nothing is searched`() {
        var redactor = KeyRedactor(KeySearch(KeySpelling.all(of: Array("ollama".utf8))))
        #expect(redactor.take(Data("ollama".utf8)) == Data("ollama".utf8))
        #expect(redactor.end().isEmpty)
    }
}
