// The line editor without a terminal: bytes in, text and actions out.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruCLI

@Suite struct LineEditorTests {
    static let left = "\u{1B}[D"
    static let right = "\u{1B}[C"
    static let up = "\u{1B}[A"
    static let down = "\u{1B}[B"

    func edit(_ keys: String, _ editor: inout LineEditor) -> [LineEditor.Action] {
        keys.utf8.compactMap { byte in
            let action = editor.feed(byte)
            if case .submit(let line) = action { editor.remember([line], as: editor.kind) }
            return action
        }
    }

    /// The text, with a bar for the cursor.
    func shown(_ editor: LineEditor) -> String {
        var text = editor.buffer.text
        text.insert("|", at: editor.buffer.cursor)
        return String(text)
    }

    @Test(
        "Keys change the text as they should",
        arguments: [
            ("abc", "abc|"),
            ("abc\u{1B}[D\u{1B}[DX", "aX|bc"),
            ("abc\u{1B}[HX\u{1B}[FY", "XabcY|"),
            ("abc\u{1B}OH\u{1B}OC", "a|bc"),
            ("abc\u{1}\u{6}\u{5}\u{2}", "ab|c"),
            ("abc\u{7F}\u{8}", "a|"),
            ("abc\u{1}\u{1B}[3~", "|bc"),
            ("abc\u{1}\u{4}", "|bc"),
            ("one two  \u{17}", "one |"),
            ("one two\u{1B}b\u{1B}b\u{1B}f", "one| two"),
            ("one two\u{1B}[1;5D\u{1B}d", "one |"),
            ("one two\u{1B}\u{7F}", "one |"),
            ("one two\u{1B}b\u{15}", "|two"),
            ("one two\u{1B}b\u{B}", "one |"),
            ("one two\u{1B}b\u{15}\u{5} \u{19}", "two one |"),
            ("a\u{1B}\rb", "a\nb|"),
            ("a\u{1B}\rb\u{1}", "a\n|b"),
            ("abc\u{1B}\rdefg\u{1B}[A", "abc|\ndefg"),
            ("abc\u{1B}\rd\u{1B}[A\u{1B}[B", "abc\nd|"),
            ("ab\tc", "ab\tc|"),
            ("\u{1B}[99~\u{1B}[?1;2c\u{1B}[5~x", "x|"),
            ("\u{1B}\u{1B}[Dx", "x|"),
            ("\u{85}x\u{9B}", "x|"),
            ("abc\u{14}", "acb|"),
            ("abc\u{1}\u{6}\u{14}", "ba|c"),
            ("a日\u{14}", "日a|"),
            ("\u{14}", "|"),
            ("one two\u{1}\u{1B}u\u{1B}c", "ONE Two|"),
            ("ONE two\u{1}\u{1B}L\u{1B}F", "one two|"),
            ("one two three\u{17}\u{17}\u{19}", "one two three|"),
            ("one two\u{17}x\u{17}\u{15}\u{19}\u{1B}y", "two|"),
            ("one two\u{1B}b\u{B}\u{1}\u{19}", "two|one "),
            ("abc\u{1F}", "|"),
            ("abc\u{17}\u{1F}", "abc|"),
            ("abc\u{1B}[Dx\u{1F}\u{1F}\u{1F}", "|"),
            ("a\u{1B}\rb\u{18}\u{15}\u{18}\u{15}", "a|"),
            ("a\u{1B}[13;2ub\u{1B}[27;2;13~c", "a\nb\nc|"),
            ("שלום\u{1B}[Dx", "שלוx|ם"),
        ]
    )
    func keys(keys: String, expected: String) {
        var editor = LineEditor()
        #expect(edit(keys, &editor) == [])
        #expect(shown(editor) == expected)
    }

    @Test func `Tab asks for the rest of a word, or indents, where that is wanted`() {
        var editor = LineEditor()
        editor.kind = .source
        #expect(edit("x.ab\t", &editor) == [.complete("x.ab")])
        editor.type("c(")
        #expect(editor.string == "x.abc(")
        #expect(edit("\u{1}ab \u{1B}\r\t1\t", &editor) == [.complete("    1")])
        #expect(editor.string == "ab \n    1x.abc(")
    }

    @Test(
        "One press takes what looks like one letter",
        arguments: ["é", "e\u{301}", "👩‍👩‍👧", "🇵🇪", "❤️", "한", "नि", "日"]
    )
    func graphemes(letter: String) {
        var editor = LineEditor()
        _ = edit("a\(letter)b", &editor)
        #expect(editor.buffer.text.count == 3)
        _ = edit(Self.left + Self.left, &editor)
        #expect(editor.buffer.cursor == 1)
        _ = edit("\u{4}", &editor)
        #expect(editor.string == "ab")
        _ = edit(letter + "\u{7F}", &editor)
        #expect(editor.string == "ab")
    }

    @Test func `A mark joins the letter before the cursor`() {
        var editor = LineEditor()
        _ = edit("exy" + Self.left + Self.left + "\u{301}", &editor)
        #expect(editor.string == "e\u{301}xy")
        #expect(editor.buffer.cursor == 1)
    }

    @Test func `Broken bytes become one replacement and hold nothing up`() {
        var editor = LineEditor()
        for byte: UInt8 in [0x61, 0xC3, 0x62, 0xFF, 0xE2, 0x82, 0x63, 0x80] {
            _ = editor.feed(byte)
        }
        #expect(editor.string == "a\u{FFFD}b\u{FFFD}\u{FFFD}c\u{FFFD}")
    }

    @Test func `Enter and Ctrl-J submit and leave an empty line`() {
        var editor = LineEditor()
        #expect(edit("one\r", &editor) == [.submit("one")])
        #expect(edit("two\n", &editor) == [.submit("two")])
        #expect(edit("\r", &editor) == [.submit("")])
        #expect(editor.buffer.text.isEmpty && editor.buffer.cursor == 0)
    }

    @Test func `Ctrl-D ends the input on an empty line only`() {
        var editor = LineEditor()
        #expect(edit("a\u{4}", &editor) == [])
        #expect(edit("\u{7F}\u{4}", &editor) == [.endOfInput])
    }

    @Test func `A paste keeps its lines, loses its controls and submits nothing`() {
        var editor = LineEditor()
        let pasted = "\u{1B}[200~one\r\ntwo\rthree\n\u{1B}[31mfour\u{3}\u{4}\u{1B}[201~"
        #expect(edit(pasted, &editor) == [])
        #expect(editor.string == "one\ntwo\nthree\nfour")
        #expect(edit("!\r", &editor) == [.submit("one\ntwo\nthree\nfour!")])
    }

    @Test func `A paste of a megabyte is a line like another`() {
        var editor = LineEditor()
        let text = String(repeating: "0123456789abcdé\n", count: 1 << 16)
        #expect(edit("\u{1B}[200~\(text)\u{1B}[201~", &editor) == [])
        #expect(edit("\r", &editor) == [.submit(text)])
    }

    @Test func `History goes up and down and gives the draft back`() {
        var editor = LineEditor()
        _ = edit("one\rtwo\rtwo\r  \r", &editor)
        _ = edit("draft" + Self.up, &editor)
        #expect(editor.string == "two")
        _ = edit(Self.up, &editor)
        #expect(editor.string == "one")
        _ = edit(Self.up + Self.down + Self.down, &editor)
        #expect(editor.string == "draft")
        #expect(edit("\u{10}\u{10}\u{E}\r", &editor) == [.submit("two")])
    }

    @Test(
        "A text is as wide as a terminal shows it",
        arguments: [
            ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("한", 2), ("👩‍👩‍👧", 2), ("🇵🇪", 2),
            ("❤️", 2), ("❤", 1), ("👍🏽", 2), ("\u{200B}", 0), ("ﾊ", 1), ("Ａ", 2), ("─", 1), ("…", 1),
            ("\u{301}", 0), ("1️⃣", 2), ("\u{AD}", 1), ("🇵", 1),
        ]
    )
    func width(text: String, cells: Int) {
        #expect(CellWidth.of(text) == cells)
    }

    @Test func `A long text is cut into rows, wide letters whole`() {
        let layout = LineLayout(prompt: "> ", text: Array("ab日本cd")[...], cursor: 6, columns: 5)
        #expect(layout.rows == ["> ab", "日本c", "d"])
        #expect((layout.cursorRow, layout.cursorColumn) == (2, 1))
    }

    @Test func `A full row puts the cursor on the next one`() {
        let layout = LineLayout(prompt: "> ", text: Array("abc")[...], cursor: 3, columns: 5)
        #expect(layout.rows == ["> abc", ""])
        #expect((layout.cursorRow, layout.cursorColumn) == (1, 0))
        let before = LineLayout(prompt: "> ", text: Array("abc\nd")[...], cursor: 5, columns: 5)
        #expect(before.rows == ["> abc", "d"])
    }

    @Test func `Colours in the prompt take no cells`() {
        let layout = LineLayout(
            prompt: "\u{1B}[1m> \u{1B}[0m",
            text: Array("ab")[...],
            cursor: 2,
            columns: 80
        )
        #expect(layout.cursorColumn == 4)
    }

    @Test(
        "One step takes back more of a longer text, which may have come letter by letter",
        arguments: [
            // As a paste that the terminal does not mark.
            ("", "x", 25, 20...20),
            ("", "x", 20_000, 19_000...19_900),
            ("\"\"\"", "line\tx\r", 3000, 20_000...20_900),
        ]
    )
    func longRun(start: String, line: String, count: Int, left: ClosedRange<Int>) {
        let keys = start + String(repeating: line, count: count)
        var editor = LineEditor()
        editor.kind = .message
        #expect(edit(keys, &editor) == [])
        #expect(editor.buffer.text.count == keys.utf8.count)
        #expect(edit("\u{1F}", &editor) == [])
        #expect(left.contains(editor.buffer.text.count), "\(editor.buffer.text.count)")
    }

    @Test func `A text taller than the screen is drawn in part, around the cursor`() {
        var display = LineDisplay()
        let text = Array((0..<50).map { "\($0)" }.joined(separator: "\n"))
        let drawn = display.draw(
            prompt: "",
            text: text,
            cursor: text.count,
            size: TerminalSize(columns: 20, rows: 5)
        )
        #expect(drawn == "46\n47\n48\n49")
    }

    @Test func `Drawing again starts where the first drawing did`() {
        var display = LineDisplay()
        let size = TerminalSize(columns: 4, rows: 10)
        #expect(
            display.draw(prompt: ">", text: Array("abcd"), cursor: 0, size: size)
                == ">abc\nd\u{1B}[1A\r\u{1B}[1C"
        )
        #expect(
            display.draw(prompt: ">", text: Array("abcd"), cursor: 4, size: size)
                == "\r\u{1B}[K\n\u{1B}[J\u{1B}[1A>abc\nd"
        )
        #expect(
            display.commit(prompt: ">", text: Array("abcd"), size)
                == "\r\u{1B}[1A\u{1B}[K\n\u{1B}[J\u{1B}[1A>abcd\n"
        )
    }

    @Test func `What is added at the end is written as it is, and entering ends the row`() {
        var display = LineDisplay()
        var size = TerminalSize(columns: 8, rows: 10)
        let draw = { (text: String, display: inout LineDisplay) in
            let letters = Array(text)
            return display.draw(prompt: "> ", text: letters, cursor: letters.count, size: size)
        }
        #expect(draw("", &display) == "> ")
        #expect(draw("a", &display) == "a")
        #expect(draw("a日", &display) == "日")
        #expect(draw("a日", &display) == "")
        #expect(display.commit(prompt: "> ", text: Array("a日!"), size) == "!\n")
        #expect(draw("ae", &display) == "> ae")
        // A mark joins the letter before it, whose cells it may change.
        #expect(draw("ae\u{301}", &display) == "\r\u{1B}[K> ae\u{301}")
        #expect(draw("a", &display) == "\r\u{1B}[K> a")
        #expect(draw("abcdef", &display) == "bcdef\n")
        // The terminal is to wrap the whole.
        let whole = display.commit(prompt: "> ", text: Array("abcdef"), size)
        #expect(whole == "\r\u{1B}[1A\u{1B}[K\n\u{1B}[J\u{1B}[1A> abcdef\n")
        _ = draw("abc", &display)
        size.columns = 20
        #expect(draw("abcd", &display) == "\r\u{1B}[K\n\u{1B}[J\u{1B}[1A> abcd")
        _ = display.draw(prompt: "> ", text: Array("abcd"), cursor: 1, size: size)
        #expect(draw("abcde", &display) == "\r\u{1B}[K> abcde")
    }
}
