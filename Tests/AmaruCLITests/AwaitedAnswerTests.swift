// The row below an answer that is waited for, without a terminal.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Testing

@testable import AmaruCLI

@Suite struct AwaitedAnswerTests {
    private func row(after milliseconds: Int, _ stall: String? = nil, columns: Int = 80) -> String {
        let begin = ContinuousClock.now
        var awaited = AwaitedAnswer(begin: begin) { false }
        awaited.stall = stall
        return awaited.row(at: begin + .milliseconds(milliseconds), columns: columns)
    }

    @Test func `The row has a picture that turns, and whole seconds`() {
        #expect(row(after: 300) == "⠹ 0 s")
        #expect(row(after: 3000) == "⠼ 3 s")
        #expect(row(after: 3200) == "⠴ 3 s")
    }

    @Test func `A program that is starting is what is waited for`() {
        let begin = ContinuousClock.now
        let awaited = AwaitedAnswer(begin: begin) { true }
        #expect(awaited.row(at: begin + .seconds(1), columns: 80) == "⠇ 1 s (starting)")
    }

    @Test func `What is said of a long wait is cut to the width`() {
        let said = "nothing of the answer has come from http://h for 20 s; it fails after 60 s"
        #expect(row(after: 20_000, said, columns: 100) == "⠋ 20 s: \(said)")
        let cut = row(after: 20_000, said, columns: 40)
        #expect(cut == "⠋ 20 s: nothing of the answer has come…")
        #expect(CellWidth.of(cut) == 39)
    }

    @Test func `A text is cut where its last letter still fits`() {
        #expect(CellWidth.cut("abc", to: 3) == "abc")
        #expect(CellWidth.cut("abcd", to: 3) == "ab…")
        #expect(CellWidth.cut("日本語", to: 5) == "日本…")
        #expect(CellWidth.cut("日本語", to: 4) == "日…")
        #expect(CellWidth.cut("", to: 0) == "")
    }

    // MARK: Below the output

    private func screen(_ body: (inout LineInputTests.Desk) -> Void) -> [String] {
        var desk = LineInputTests.Desk()
        body(&desk)
        let before = desk.screen.text
        _ = desk.take(desk.input.show(status: nil, desk.size))
        return [before, desk.screen.text]
    }

    @Test func `It stands below the output and what is typed, and leaves nothing`() {
        let shown = screen { desk in
            desk.ahead(true)
            desk.show("half an")
            _ = desk.take(desk.input.show(status: "- 1 s", desk.size))
            _ = desk.take(desk.input.show(status: "/ 2 s", desk.size))
            desk.show(" answer")
            _ = desk.type("next")
            _ = desk.take(desk.input.show(status: "- 3 s", desk.size))
        }
        #expect(shown == ["half an answer\n- 3 s\n> next", "half an answer\n> next"])
    }

    @Test func `Lines that are printed stand above it`() {
        let shown = screen { desk in
            desk.ahead(true)
            desk.show("start of")
            _ = desk.take(desk.input.show(status: "- 1 s", desk.size))
            if let outcome = desk.input.show(aboveStatus: "said", desk.size) {
                _ = desk.take(outcome)
            }
            desk.show("a line\n")
        }
        #expect(shown == ["start of\nsaid\na line\n- 1 s", "start of\nsaid\na line"])
    }

    @Test func `Without line editing it is shown too, and nothing else`() {
        let size = TerminalSize(columns: 20, rows: 10)
        var input = LineInput(isInteractive: false, followsOutput: true)
        var image = ScreenImage(columns: 20)
        image.feed(input.show("x\n", size).screen)
        image.feed(input.show(status: "- 1 s", size).screen)
        #expect(image.text == "x\n- 1 s")
        image.feed(input.show("y", size).screen)
        #expect(image.text == "x\ny\n- 1 s")
        image.feed(input.show(status: nil, size).screen)
        image.feed(input.show("z", size).screen)
        #expect(image.text == "x\nyz")
        var piped = LineInput(isInteractive: false)
        #expect(piped.show(status: "- 1 s", size).screen == "")
        #expect(piped.show(aboveStatus: "x", size) == nil)
    }
}
