// Lines read and typed ahead, without a terminal: bytes in, a screen out.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruTesting
import Testing

@testable import AmaruCLI

@Suite struct LineInputTests {
    static let up = "\u{1B}[A"

    /// An input with the screen that it draws on.
    struct Desk {
        var size: TerminalSize
        var input = LineInput(isInteractive: true)
        var screen: ScreenImage
        let request = LineRequest(prompt: "> ", kind: .message)

        init(columns: Int = 20) {
            size = TerminalSize(columns: columns, rows: 10)
            screen = ScreenImage(columns: columns)
        }

        mutating func take(_ outcome: LineInput.Outcome) -> LineResult? {
            screen.feed(outcome.screen)
            return outcome.result
        }

        mutating func type(_ keys: String) -> LineResult? {
            take(input.receive(Array(keys.utf8), size))
        }

        mutating func show(_ text: String) { _ = take(input.show(text, size)) }
        mutating func begin() -> LineResult? { take(input.begin(request, size)) }
        mutating func ahead(_ isOn: Bool) {
            _ = take(input.typeAhead(isOn ? request : nil, size))
        }
    }

    @Test func `What is typed ahead stands below the output, which goes on above it`() {
        var desk = Desk()
        _ = desk.begin()
        #expect(desk.type("hi\r") == .line("hi"))
        desk.ahead(true)
        #expect(desk.screen.text == "> hi")
        desk.show("An ans")
        #expect(desk.type("next") == nil)
        #expect(desk.screen.text == "> hi\nAn ans\n> next")
        #expect(desk.screen.cursor == [2, 6])
        desk.show("wer that is longer than a row")
        #expect(desk.screen.text == "> hi\nAn answer that is lo\nnger than a row\n> next")
        desk.show(".\nThe end\n")
        desk.ahead(false)
        #expect(desk.screen.text == "> hi\nAn answer that is lo\nnger than a row.\nThe end")
        #expect(desk.begin() == nil)
        #expect(desk.screen.text.hasSuffix("The end\n> next"))
        #expect(desk.type("!\r") == .line("next!"))
    }

    @Test(
        "What is typed ahead and not entered has a bound too",
        arguments: ["x", "\u{12}x", "x\u{12}"]
    )
    func aheadBound(start: String) {
        var desk = Desk()
        desk.ahead(true)
        #expect(desk.type(start) == nil)
        #expect(desk.input.wantsBytes)
        #expect(desk.type(String(repeating: "é", count: LineInput.backlogBound / 2)) == nil)
        // Apart: a failed expectation would print the whole input.
        let wantsMore = desk.input.wantsBytes
        #expect(!wantsMore)
        #expect(desk.begin() == nil)
        #expect(desk.input.wantsBytes)
    }

    @Test func `Lines entered ahead are queued, shown, and taken one by one`() {
        var desk = Desk()
        _ = desk.begin()
        _ = desk.type("hi\r")
        desk.ahead(true)
        #expect(desk.type("one\r") == nil)
        #expect(desk.screen.text == "> hi\nqueued: one\n>")
        #expect(desk.type("two\rthr") == nil)
        #expect(desk.screen.text == "> hi\n2 queued, last: two\n> thr")
        desk.ahead(false)
        #expect(desk.screen.text == "> hi")
        #expect(desk.begin() == .line("one"))
        #expect(desk.begin() == .line("two"))
        #expect(desk.begin() == nil)
        #expect(desk.screen.text == "> hi\n> one\n> two\n> thr")
    }

    @Test func `Up takes a queued line back, and what is sent is in the history`() {
        var desk = Desk()
        _ = desk.begin()
        _ = desk.type("hi\r")
        desk.ahead(true)
        _ = desk.type("one\rtwo\r" + Self.up + "!")
        #expect(desk.screen.text == "> hi\nqueued: one\n> two!")
        _ = desk.type(Self.up)
        #expect(desk.screen.text == "> hi\n> one\ntwo!")
        desk.ahead(false)
        #expect(desk.begin() == nil)
        #expect(desk.type("\r") == .line("one\ntwo!"))
        #expect(desk.begin() == nil)
        _ = desk.type("\u{10}\u{10}")
        #expect(desk.screen.text.hasSuffix("> two"))
        _ = desk.type("\u{10}\u{10}")
        #expect(desk.screen.text.hasSuffix("> hi"))
    }

    @Test func `A line is kept when it is entered, once`() {
        let kept = Lock<[String]>([])
        var request = LineRequest(prompt: "> ", kind: .message)
        request.keep = { line in kept.withLock { $0.append(line) } }
        for isInteractive in [true, false] {
            var input = LineInput(isInteractive: isInteractive)
            let size = TerminalSize(columns: 20, rows: 10)
            _ = input.begin(request, size)
            _ = input.receive(Array((isInteractive ? "hi\r" : "hi\n").utf8), size)
            _ = input.typeAhead(request, size)
            _ = input.receive(Array("one\rtwo\r".utf8), size)
            if isInteractive {
                #expect(kept.withLock { $0 } == ["hi", "one", "two"])
                _ = input.typeAhead(nil, size)
                #expect(input.begin(request, size).result == .line("one"))
                #expect(input.begin(request, size).result == .line("two"))
            }
        }
        #expect(kept.withLock { $0 } == ["hi", "one", "two", "hi"])
    }

    @Test func `A stopped answer puts the queue back into the line`() {
        var desk = Desk()
        _ = desk.begin()
        _ = desk.type("hi\r")
        desk.ahead(true)
        desk.show("half")
        _ = desk.type("one\rtwo\rthree")
        _ = desk.take(desk.input.takeBackQueue(desk.size))
        desk.show("\n")
        desk.ahead(false)
        #expect(desk.begin() == nil)
        #expect(desk.screen.text == "> hi\nhalf\n> one\ntwo\nthree")
        #expect(desk.type("\r") == .line("one\ntwo\nthree"))
    }

    @Test func `A row that is full, or ends with it, is gone on with where it ends`() {
        for first in ["12345678901234567890", "123456789012345678日", "1234567890123456789日"] {
            for second in ["\nnew", "more", "\n\nnew"] {
                var desk = Desk()
                desk.ahead(true)
                desk.show(first)
                _ = desk.type("x")
                desk.show(second)
                desk.ahead(false)
                let whole = ScreenImage(columns: 20, first + second)
                #expect(desk.screen.text == whole.text)
                #expect(desk.screen.cursor == whole.cursor)
            }
        }
    }

    @Test func `Typing ahead leaves no trace in any output`() {
        var random = SeededGenerator(seed: 20_261_126)
        let pieces = [
            "word ", "日本語", "e\u{301}", "👩‍👩‍👧", "\n", "a\tb", "\u{1B}[1mbold\u{1B}[0m ", "🇵🇪 ",
            "\n\n", "\rwait\u{1B}[K", "-", "longer than one row of this screen ",
        ]
        let keys = [
            "x", "日", "\u{7F}", "\u{15}", "typed so far that it wraps around", "y\r", Self.up,
        ]
        for _ in 0..<100 {
            var desk = Desk(columns: Int.random(in: 12...30, using: &random))
            var output = ""
            desk.ahead(true)
            for _ in 0..<30 {
                if Bool.random(using: &random) {
                    let piece = pieces.randomElement(using: &random) ?? ""
                    output += piece
                    desk.show(piece)
                } else {
                    _ = desk.type(keys.randomElement(using: &random) ?? "")
                }
            }
            desk.ahead(false)
            let whole = ScreenImage(columns: desk.size.columns, output)
            #expect(desk.screen.text == whole.text, "\(output.debugDescription)")
        }
    }

    @Test func `Behind output that was dropped the line is drawn on a row of its own`() {
        var desk = Desk()
        desk.ahead(true)
        desk.show("half a row")
        _ = desk.type("x")
        // What the terminal was not sent any more.
        _ = desk.input.show(" and more of it, over two rows", desk.size)
        let outcome = desk.input.loseOutput(desk.size)
        #expect(outcome.screen.hasPrefix("\u{18}\u{1B}[0m\n> x"))
        desk.screen.feed(outcome.screen)
        #expect(desk.screen.text == "half a row\n> x\n> x")
        desk.show("next\n")
        #expect(desk.screen.text == "half a row\n> x\nnext\n> x")
    }

    @Test func `A window that became narrower is drawn over from the line's start`() {
        var desk = Desk(columns: 40)
        _ = desk.begin()
        _ = desk.type("a line that takes thirty cells")
        desk.size.columns = 20
        let outcome = desk.input.redraw(desk.size)
        // The terminal has wrapped the row, and the cursor stands in the second half.
        #expect(outcome.screen.hasPrefix("\r\u{1B}[1A\u{1B}[K\n\u{1B}[J\u{1B}[1A> a line"))
    }

    @Test(arguments: [10, 30, 50], [false, true])
    func `Typing ahead in a window of a new width takes nothing of the output away`(
        _ columns: Int,
        _ isTypedBefore: Bool
    ) {
        let (old, new) = (
            TerminalSize(columns: 20, rows: 10), TerminalSize(columns: columns, rows: 10)
        )
        let draft = Array("a draft that takes two rows".utf8)
        var input = LineInput(isInteractive: true)
        var screen = TerminalScreen(columns: 20, rows: 10) { CellWidth.of($0) }
        screen.feed(input.typeAhead(LineRequest(prompt: "> ", kind: .message), old).screen)
        screen.feed(input.show("An answer of which the rest is on two rows", old).screen)
        if isTypedBefore { screen.feed(input.receive(draft, old).screen) }
        screen.resize(columns: columns, rows: 10)
        screen.feed(input.redraw(new).screen)
        if !isTypedBefore { screen.feed(input.receive(draft, new).screen) }
        for text in [" and more", ".\n", "The end\n"] { screen.feed(input.show(text, new).screen) }
        screen.feed(input.typeAhead(nil, new).screen)
        let words = screen.copied.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words == "An answer of which the rest is on two rows and more. The end")
    }

    @Test func `A Ctrl-C between two lines is one at the next prompt`() {
        var desk = Desk()
        desk.input.interruptNext()
        #expect(desk.begin() == .interrupted)
        #expect(desk.screen.text == "> ^C")
        #expect(desk.begin() == nil)
        // It may have been meant for the answer: what was typed meanwhile is kept, and not sent.
        #expect(desk.type("hi\r") == .line("hi"))
        desk.ahead(true)
        _ = desk.type("one\rtw")
        desk.input.interruptNext()
        #expect(desk.begin() == nil)
        #expect(desk.type("o\r") == .line("one\ntwo"))
        var piped = LineInput(isInteractive: false)
        piped.interruptNext()
        _ = piped.receive(Array("unread\n".utf8), desk.size)
        #expect(piped.begin(desk.request, desk.size).result == .interrupted)
    }

    @Test func `A long message leaves its start and its end on the screen`() {
        var desk = Desk()
        _ = desk.begin()
        let text = (1...500).map { "row \($0)" }.joined(separator: "\n")
        #expect(desk.type("\u{1B}[200~\(text)\u{1B}[201~\r") == .line(text))
        let shown = desk.screen.text.split(separator: "\n")
        #expect(shown.first == "> row 1")
        #expect(shown.last == "row 500")
        #expect(shown.contains("… 480 more lines …"))
        #expect(shown.count == 21)
    }

    @Test func `A long paste is drawn and edited in part`() {
        var desk = Desk()
        _ = desk.begin()
        let text = String(repeating: "0123456789abcdé\n", count: 1 << 14)
        _ = desk.type("\u{1B}[200~\(text)\u{1B}[201~")
        for _ in 0..<10 { _ = desk.type("x") }
        #expect(desk.screen.text.split(separator: "\n").count == 9)
        #expect(desk.type("\r") == .line(text + String(repeating: "x", count: 10)))
    }

    @Test func `A search shows what it looks for and what it has found`() {
        var desk = Desk(columns: 40)
        var request = desk.request
        request.history = ["make a list", "make tests", "other"]
        _ = desk.take(desk.input.begin(request, desk.size))
        _ = desk.type("\u{12}mak")
        #expect(desk.screen.text == "(search: mak) make tests")
        #expect(desk.screen.cursor == [0, 14])
        _ = desk.type("\u{12}")
        #expect(desk.screen.text == "(search: mak) make a list")
        _ = desk.type("\u{12}")
        #expect(desk.screen.text == "(not found: mak) make a list")
        // Esc alone leaves what was found in the line.
        _ = desk.type("\u{1B}")
        #expect(desk.screen.text == "> make a list")
        _ = desk.type("x")
        #expect(desk.type("\r") == .line("xmake a list"))
    }
}
