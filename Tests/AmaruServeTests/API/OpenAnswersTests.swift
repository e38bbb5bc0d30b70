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

    @Test(arguments: [nil, Duration.seconds(1)])
    func `A fault that may pass is not the answer to the same key`(wait: Duration?) async throws {
        let answers = OpenAnswers()
        func isRepeated() async throws -> Bool {
            try await answers.answer(key: "k", owner: "ann", fingerprint: 1) {
                let turn = Turn()
                turn.end(.failed(ChatFailure(code: "x", message: "no", retryAfter: wait)))
                let head = CompletionHead(id: "x-1", created: 7, model: "m")
                return OpenAnswer(head: head, turn: turn)
            }.isRepeated
        }
        #expect(try await !isRepeated())
        #expect(try await isRepeated() == (wait == nil))
    }
}
