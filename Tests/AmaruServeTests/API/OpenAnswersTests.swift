// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruChat
@testable import AmaruServe

struct OpenAnswersTests {
    @Test func `No user's keys make those of another be forgotten`() async throws {
        let answers = OpenAnswers()
        func isRepeated(_ key: String, _ owner: String) async throws -> Bool {
            try await answers.answer(key: key, owner: owner, fingerprint: 1) {
                OpenAnswer(head: CompletionHead(id: "x-1", created: 7, model: "m"), turn: Turn())
            }.isRepeated
        }
        #expect(try await !isRepeated("k", "ann"))
        for number in 0..<100 { #expect(try await !isRepeated("\(number)", "bob")) }
        #expect(try await isRepeated("k", "ann"))
        #expect(try await !isRepeated("0", "bob"))
        #expect(try await !isRepeated("k", "bob"))
    }
}
