// What a terminal shows of an answer that comes in pieces.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Testing

@testable import AmaruMarkdown

@Suite(.timeLimit(.minutes(10))) struct MarkdownViewTests {
    /// A terminal that an answer was written on, with a frame for each piece.
    private func screen(
        _ pieces: [String],
        columns: Int = 40,
        rows: Int = 12,
        highlighter: (any CodeHighlighter)? = nil,
        sizeAfter: (Int) -> (Int, Int)? = { _ in nil }
    ) -> TerminalScreen {
        var view = MarkdownView(measure: measure, colors: .all, highlighter: highlighter)
        var screen = TerminalScreen(columns: columns, rows: rows, width: cells)
        var (columns, rows) = (columns, rows)
        var isInside = false
        // As a session does it, which leaves the last newline out while a line may go on.
        func write(_ frame: LiveRegion.Frame) {
            guard !frame.text.isEmpty || !frame.isOpen else { return }
            var text = frame.text
            if isInside { text = frame.continuation ?? "\n" + text }
            isInside = frame.isOpen && text.last == "\n"
            screen.feed(isInside ? String(text.dropLast()) : text)
        }
        for (number, piece) in pieces.enumerated() {
            view.append(piece)
            write(view.frame(columns: columns, rows: rows))
            if let size = sizeAfter(number) {
                (columns, rows) = size
                screen.resize(columns: columns, rows: rows)
            }
        }
        view.finish()
        repeat { write(view.frame(columns: columns, rows: rows)) } while view.awaitsColors
        screen.feed("end\n")
        return screen
    }

    @Test(arguments: 0..<20)
    func `The last screen is that of the whole answer`(_ group: Int) {
        for number in 0..<10 {
            let seed = UInt64(300_000 + group * 10 + number)
            var random = RandomMarkdown(random: SeededGenerator(seed: seed))
            let text = random.text(lines: 16)
            let rows = [4, 12, 50][number % 3]
            let columns = [20, 40, 80][group % 3]
            let whole = screen([text], columns: columns, rows: rows)
            let cut = screen(random.cut(text), columns: columns, rows: rows)
            #expect(cut.copied == whole.copied, "\(seed) \(text.debugDescription)")
            #expect(cut.offences == [])
        }
    }

    /// Colours that come at once for the whole, and late for its pieces.
    @Test(arguments: 0..<8)
    func `The last colours are those of the whole answer`(_ group: Int) {
        var colored = 0
        for number in 0..<10 {
            let seed = UInt64(400_000 + group * 10 + number)
            var random = RandomMarkdown(random: SeededGenerator(seed: seed))
            let text = random.text(lines: 8) + random.code() + random.text(lines: 8)
            let rows = [4, 12, 50][number % 3]
            let columns = [20, 40, 80][group % 3]
            let whole = screen(
                [text],
                columns: columns,
                rows: rows,
                highlighter: WordHighlighter()
            )
            let cut = screen(
                random.cut(text),
                columns: columns,
                rows: rows,
                highlighter: WordHighlighter(latestAnswer: 6, seed: seed)
            )
            #expect(cut.styled == whole.styled, "\(seed) \(text.debugDescription)")
            #expect(cut.copied == screen([text], columns: columns, rows: rows).copied)
            #expect(cut.offences == [])
            if whole.styled.contains("‹35:") { colored += 1 }
        }
        #expect(colored > 0)
    }

    @Test func `Code is shown before its colours, and left as it is without them`() {
        let late = WordHighlighter(latestAnswer: .max)
        var view = MarkdownView(measure: measure, colors: .all, highlighter: late)
        var screen = TerminalScreen(columns: 40, rows: 20, width: cells)
        view.append("```swift\nlet x\nlet")
        screen.feed(view.frame(columns: 40, rows: 20).text)
        #expect(screen.styled == "‹2:```swift›\nlet x\nlet\n")
        view.insert("amaru: a notice")
        view.append(" y\n```\nText")
        screen.feed(view.frame(columns: 40, rows: 20).text)
        #expect(view.awaitsColors)
        let text = "‹2:```swift›\namaru: a notice\n%let x%\n%let y%\n‹2:```›\n\nText\n"
        #expect(screen.styled == text.replacing("%", with: ""))
        view.finish()
        view.giveUpColors()
        screen.feed(view.frame(columns: 40, rows: 20).text)
        #expect(!view.awaitsColors)
        #expect(!view.isLive)
        let plain = text.replacing(/%(.*?)%/) { "‹36:\($0.1)›" }
        #expect(screen.styled == plain)
        #expect(screen.offences == [])
    }

    @Test func `What no frame has shown yet is still to be finished`() {
        for isLive in [true, false] {
            var view = MarkdownView(measure: measure, colors: .monochrome, isLive: isLive)
            #expect(!view.isLive)
            view.append("- one\n- two")
            _ = view.frame(columns: 40, rows: 12)
            #expect(view.isLive)
            view.finish()
            let rest = view.frame(columns: 40, rows: 12)
            #expect(isLive || rest.text.contains("two"))
            #expect(!view.isLive)
        }
    }

    @Test func `A paragraph is one line to copy, on however many rows it lies`() {
        let words = (0..<60).map { "word\($0)" }.joined(separator: " ")
        let shown = screen((words + "\n\nNext").map { String($0) })
        #expect(shown.copied == words + "\n\nNext\nend\n\n")
    }

    @Test(arguments: [(40, 20), (40, 60), (20, 41), (60, 7)])
    func `A change of the window's size leaves nothing twice`(_ from: Int, _ to: Int) {
        let words = (0..<15).map { "word\($0)" }.joined(separator: " ")
        let text = "\(words)\n\n## Title\n\n\(words)\n\n```\n\(words)\n```\n\nend **of** it"
        let pieces = text.map { String($0) }
        for number in stride(from: 0, to: pieces.count, by: 7) {
            let shown = screen(pieces, columns: from, rows: 60) { $0 == number ? (to, 60) : nil }
            #expect(shown.copied == screen([text], columns: to, rows: 60).copied, "\(number)")
        }
    }

    @Test func `A text that grows costs little more than itself`() {
        let words = (0..<200).map { "word\($0) **bold** " }.joined()
        var view = MarkdownView(measure: measure, colors: .all)
        var count = 0
        for piece in words.split(separator: " ", omittingEmptySubsequences: true) {
            view.append(piece + (count % 500 > 460 ? "\n\n" : " "))
            count += view.frame(columns: 80, rows: 40).text.utf8.count
        }
        #expect(count < 4 * words.utf8.count, "\(count) bytes for \(words.utf8.count)")
    }

    @Test(arguments: ["%", "*%*", "```\n%", "| a |\n|---|\n| % |\n", "- %"])
    func `A letter of very many marks is cut`(_ form: String) {
        let marks = String(repeating: "\u{301}", count: 200_000)
        var view = MarkdownView(measure: measure, colors: .all)
        var written = 0
        for piece in form.replacing("%", with: "e" + marks).unicodeScalars.split(every: 50_000) {
            view.append(piece)
            written += view.frame(columns: 80, rows: 24).text.utf8.count
        }
        view.finish()
        written += view.frame(columns: 80, rows: 24).text.utf8.count
        #expect(written < 20_000, "\(written)")
    }

    @Test(
        arguments: [
            (["one ", "two"], "one\nprinted\ntwo"), (["one\n", "two\n"], "one\nprinted\ntwo"),
            (["# one\n", "two"], "one\nprinted\ntwo"),
            (["> one\n", "> two"], "│ one\nprinted\n│ two"),
            // What would be something else if it were cut stays whole.
            (["```\none\n", "two\n```\n"], "```\none\nprinted\ntwo\n```"),
            (["one\n\n| a |\n", "|---|\n| b |\n"], "one\nprinted\n\na\n─\nb"),
            (
                ["- a\n  ```py\n  x = 1\n", "  y = 2\n  ```\nrest"],
                "printed\n• a\n  ```py\n  x = 1\n  y = 2\n  ```\n\nrest"
            ),
            (["- a\n", "    - b\n"], "printed\n• a\n  • b"),
            (["1. one\n", "2. two"], "printed\n1. one\n2. two"),
            (
                ["> ```\n> one\n", "> two\n> ```\nrest"],
                "printed\n│ ```\n│ one\n│ two\n│ ```\n\nrest"
            ),
            (
                ["> | a |\n> |---|\n> | b |\n", "> | c |\n"],
                "printed\n│ a\n│ ─\n│ b\n│ c"
            ),
        ]
    )
    func `Printed lines stand between the parts`(_ pieces: [String], _ shown: String) {
        var view = MarkdownView(measure: measure, colors: .monochrome)
        var screen = TerminalScreen(columns: 40, rows: 10, width: cells)
        view.append(pieces[0])
        screen.feed(view.frame(columns: 40, rows: 10).text)
        view.insertInOrder("printed")
        screen.feed(view.frame(columns: 40, rows: 10).text)
        view.append(pieces[1])
        view.finish()
        screen.feed(view.frame(columns: 40, rows: 10).text)
        #expect(screen.text == shown)
        #expect(screen.offences == [])
    }

    @Test func `What the model thinks stands apart`() {
        var view = MarkdownView(measure: measure, colors: .all)
        var screen = TerminalScreen(columns: 40, rows: 10, width: cells)
        var raw = ""
        for piece in ["Let me", " see.\nYes", ".\n"] {
            view.appendThought(piece)
            raw += view.frame(columns: 40, rows: 10).text
        }
        view.append("# Answer\n\nIt is")
        view.insert("amaru: a notice")
        view.append(".")
        view.finish()
        raw += view.frame(columns: 40, rows: 10).text
        screen.feed(raw)
        #expect(screen.text == "Let me see.\nYes.\n\namaru: a notice\nAnswer\n\nIt is.")
        #expect(raw.hasPrefix("\u{1B}[2mLet me"))
    }
}

extension String.UnicodeScalarView {
    fileprivate func split(every count: Int) -> [String] {
        var (pieces, rest): ([String], Substring.UnicodeScalarView) = ([], self[...])
        while !rest.isEmpty {
            pieces.append(String(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return pieces
    }
}
