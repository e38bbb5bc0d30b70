// A list that is picked from, without a terminal.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruCLI

@Suite struct PickListTests {
    private let size = TerminalSize(columns: 20, rows: 5)

    private func list(_ keys: [Key], _ lines: [String]) -> (PickList, PickList.Outcome?) {
        let names = ["4cusco", "9li2", "8c3"]
        var list = PickList(
            lines.enumerated().map { index, line in
                let name = index < names.count ? names[index] : ""
                return PickList.Line("\(name) \(line)", name: name, text: line)
            }
        )
        var outcome: PickList.Outcome?
        for key in keys { outcome = list.take(key) ?? outcome }
        return (list, outcome)
    }

    private func text(_ text: String) -> [Key] { text.unicodeScalars.map { .text($0) } }

    @Test func `Arrows reach every line, and rows fit the screen`() {
        let lines = (1...30).map { "conversation number \($0)" }
        #expect(
            list([], lines).0.rows(size) == [
                "   3  8c3 conversa…", "   2  9li2 convers…", ">  1  4cusco conve…",
            ]
        )
        let up = list(Array(repeating: .up, count: 28), lines).0
        let shown = up.rows(size).map { String($0.prefix(4)) }
        #expect(shown == ["  30", "> 29", "  28"])
        #expect(list(Array(repeating: .up, count: 50) + [.enter], lines).1 == .picked(29))
        #expect(list([.home, .down, .enter], lines).1 == .picked(28))
        #expect(list([.up, .end, .down, .enter], lines).1 == .picked(0))
    }

    @Test func `A number marks its line, and other letters filter`() {
        let lines = ["Cusco", "Lima", "a 2nd cusco"]
        #expect(list(text("2") + [.enter], lines).1 == .picked(1))
        #expect(list(text("cus") + [.up, .enter], lines).1 == .picked(2))
        #expect(list(text("cus 2") + [.enter], lines).1 == .picked(2))
        #expect(list(text("none") + [.enter], lines).1 == nil)
        #expect(list(text("none"), lines).0.rows(size) == [])
        #expect(list(text("li") + [.backspace, .backspace, .enter], lines).1 == .picked(0))
        #expect(list(text("li") + [.control("u")], lines).0.filter == "")
    }

    @Test(arguments: [Int.min, -1, 0, 7, .max])
    func `A number of no line is a filter`(_ number: Int) {
        let lines = ["Cusco", "Lima", "about \(number)"]
        #expect(list(text(String(number)) + [.enter], lines).1 == .picked(2))
        #expect(PickList.index(of: number, in: lines.indices) == nil)
    }

    @Test func `A name is found by its beginning alone`() {
        let lines = ["Cusco", "Lima", "topic 3"]
        #expect(list(text("9l") + [.enter], lines).1 == .picked(1))
        #expect(list(text("c 3") + [.enter], lines).1 == .picked(2))
        #expect(list(text("c3") + [.enter], lines).1 == nil)
        #expect(list(text("topic 2"), lines).0.rows(size) == [])
    }

    @Test func `The rows are counted, and narrow ones leave out what is not the title`() {
        let lines = (1...63).map { PickList.Line("id title \($0)", short: "title \($0)") }
        var list = PickList(lines)
        let wide = TerminalSize(columns: 60, rows: 20)
        let narrow = TerminalSize(columns: 40, rows: 20)
        #expect(list.count == "63")
        #expect(list.rows(narrow).last == ">  1  title 1")
        #expect(list.rows(wide).last == ">  1  id title 1")
        for key in text("title 6") { _ = list.take(key) }
        #expect(list.count == "10 of 63")
        for key in text("2") { _ = list.take(key) }
        #expect(list.count == "1 of 63")
    }

    @Test func `Ctrl-C leaves it`() { #expect(list([.control("c")], ["one"]).1 == .left) }
}
