// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruServe

struct StopSequencesTests {
    private static func fed(
        _ text: String,
        by size: Int,
        _ stops: [String]
    ) -> (String, isHit: Bool) {
        var sequences = StopSequences(stops)
        var said = ""
        var rest = Substring(text)
        while !rest.isEmpty {
            said += sequences.feed(String(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return (said + sequences.finish(), sequences.isHit)
    }

    @Test(
        arguments: [
            ("one STOP two", ["STOP"], "one ", true), ("one STO", ["STOP"], "one STO", false),
            ("STOP", ["STOP"], "", true), ("aaab", ["aab"], "a", true),
            ("abcabd", ["abd"], "abc", true), ("x\n\nUser: y", ["\n\nUser:", "zzz"], "x", true),
            ("👍🏽 é 終わり。", ["終わり"], "👍🏽 é ", true), ("nothing", [], "nothing", false),
            ("nothing", [""], "nothing", false), ("first b then a", ["a", "b"], "first ", true),
        ]
    )
    func `An answer ends before the first stop sequence, however it is cut`(
        text: String,
        stops: [String],
        said: String,
        isHit: Bool
    ) {
        for size in 1...text.count {
            let (result, hit) = Self.fed(text, by: size, stops)
            #expect(result == said, "in pieces of \(size)")
            #expect(hit == isHit, "in pieces of \(size)")
        }
    }

    @Test func `Only what might be the beginning of a sequence is held back`() {
        var sequences = StopSequences(["END"])
        #expect(sequences.feed("text E") == "text ")
        #expect(sequences.feed("N") == "")
        #expect(sequences.feed("T") == "ENT")
        #expect(sequences.feed("END more") == "")
        #expect(sequences.isHit)
        #expect(sequences.feed("and more") == "")
        #expect(sequences.finish() == "")
    }
}
