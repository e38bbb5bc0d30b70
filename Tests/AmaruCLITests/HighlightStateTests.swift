// Code and its colours, without a process and without waiting.
// SPDX-License-Identifier: Apache-2.0

import AmaruMarkdown
import Testing

@testable import AmaruCLI

@Suite(.timeLimit(.minutes(10))) struct HighlightStateTests {
    private let now = ContinuousClock.now
    private var state = HighlightState()

    private mutating func begin() throws -> Int { try begun().number }

    private mutating func begun() throws -> (number: Int, actions: [HighlightState.Action]) {
        let begun = state.begin("c", at: now)
        return try #require(begun)
    }

    private static func answer(_ code: Int, _ line: Int, _ styles: String) -> String {
        let lengths = styles.map { _ in "1" }.joined(separator: ",")
        return #"{"code":\#(code),"line":\#(line),"lengths":[\#(lengths)],"styles":"\#(styles)"}"#
    }

    @Test mutating func `Code goes to a process that starts with the first of it`() throws {
        let (number, actions) = try begun()
        #expect(actions == [.start, .send("{\"code\":1,\"language\":\"c\"}\n")])
        let line = HighlightState.Action.send("{\"code\":1,\"text\":\"a\\\"b\"}\n")
        #expect(state.append("a\"b", to: number, at: now) == [line])
        #expect(state.take(1, of: number, at: now) == nil)
        state.receive(Self.answer(1, 0, "k s"), at: now)
        let spans = [TextStyle.magenta, [], .green].map { CodeSpan(length: 1, style: $0) }
        #expect(state.take(1, of: number, at: now) == [spans])
        #expect(state.finish(number) == [.send("{\"code\":1}\n")])
        #expect(state.begin("c", at: now)?.1.first != .start)
    }

    @Test mutating func `What is late stays plain, and what has come does not`() throws {
        let number = try begin()
        for _ in 0..<3 { _ = state.append("x", to: number, at: now) }
        // A process that starts has more time.
        #expect(state.take(3, of: number, at: now + .milliseconds(900)) == nil)
        state.receive(Self.answer(number, 0, "k"), at: now + .milliseconds(900))
        #expect(state.take(3, of: number, at: now + .milliseconds(999)) == nil)
        let spans = [CodeSpan(length: 1, style: .magenta)]
        #expect(state.take(3, of: number, at: now + .milliseconds(1200)) == [spans, nil, nil])
        #expect(state.isPlain(number))
        #expect(state.append("x", to: number, at: now) == [])
        state.receive(Self.answer(number, 1, "k"), at: now + .milliseconds(1200))
        #expect(state.take(1, of: number, at: now) == [nil])
    }

    @Test(arguments: [
        #"{"code":1}"#, #"{"code":1,"line":1,"lengths":[1],"styles":"k"}"#,
        #"{"code":1,"line":0,"lengths":[1,2],"styles":"k"}"#,
        #"{"code":1,"line":0,"lengths":[-1],"styles":"k"}"#,
        #"{"code":1,"line":0,"lengths":[9000000000000000000],"styles":"k"}"#,
    ])
    mutating func `Code that gets no answer, or a wrong one, stays plain`(_ line: String) throws {
        let number = try begin()
        _ = state.append("x", to: number, at: now)
        for noise in ["", "warning: x", "[]", #"{"code":9,"line":0}"#] {
            state.receive(noise, at: now)
        }
        #expect(state.take(1, of: number, at: now) == nil)
        state.receive(line, at: now)
        #expect(state.take(1, of: number, at: now) == [nil])
    }

    @Test mutating func `Lines that are too long, or too many, stay plain`() throws {
        let long = try begin()
        #expect(state.append(String(repeating: "x", count: 4001), to: long, at: now) == [])
        #expect(state.isPlain(long))
        let many = try begin()
        let line = String(repeating: "x", count: 4000)
        var sent = 0
        while sent < 1000, state.append(line, to: many, at: now) != [] { sent += 1 }
        #expect(sent == 32)
        // What was given up makes room again.
        let other = try begin()
        #expect(state.append(line, to: other, at: now) != [])
    }

    @Test mutating func `A process that ends is started again, and soon no more`() throws {
        for _ in 0..<3 {
            let (number, actions) = try begun()
            #expect(actions.first == .start)
            _ = state.append("x", to: number, at: now)
            state.end()
            #expect(state.take(1, of: number, at: now) == [nil])
        }
        #expect(state.begin("c", at: now) == nil)
    }

    @Test mutating func `Without a highlighter code is plain, until there is one`() throws {
        let number = try begin()
        state.lack()
        #expect(state.isPlain(number))
        #expect(state.begin("c", at: now) == nil)
        state.obtain()
        #expect(state.begin("c", at: now)?.1.first == .start)
    }

    @Test mutating func `A process that is stuck is stopped`() throws {
        let number = try begin()
        _ = state.append("x", to: number, at: now)
        #expect(state.begin("c", at: now + .seconds(2))?.1.contains(.stop) == false)
        #expect(state.begin("c", at: now + .seconds(4))?.1 == [.stop])
    }
}
