// Lines on the screen that are no answer.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruMarkdown

extension Screen {
    /// Shows lines of the program's own as they are: they are no Markdown.
    ///
    /// - Throws: As `show(_:)`.
    func showLines(_ text: String) async throws {
        try await endAnswer()
        try await write(ShownText.harmless(text) + "\n")
    }

    /// Sends the terminal an escape sequence that shows nothing; false if it takes none.
    func send(_ sequence: String) async -> Bool {
        guard isTerminal, !ScreenStyle.isDumb(variables) else { return false }
        return (try? await terminal.writeAnswer(sequence)) != nil
    }

    /// What stands below an answer that the user has stopped, as in the history.
    var stopMark: String { answer == nil ? "(stopped)" : "\u{1B}[2m(stopped)\u{1B}[0m" }

    /// Shows what Python prints: line by line between the parts of an answer, or above one that
    /// cannot be cut.
    ///
    /// It is written as it is, but inside an answer, whose rows are counted.
    ///
    /// - Throws: `TerminalError` if the terminal has gone; `CancellationError`.
    func print(_ text: String) async throws {
        try await waitWhileLent()
        guard let answer, answer.isLive, !isStopped else {
            let whole = printed + text
            printed = ""
            return try await writePrinted(whole)
        }
        // By bytes: CR LF is one character.
        var lines = (printed + text).utf8.split(separator: 10, omittingEmptySubsequences: false)
            .map { Self.overwritten(Substring($0)) }
        printed = lines.removeLast()
        if printed.utf8.count > Self.longestRow {
            lines.append(printed)
            printed = ""
        }
        guard !lines.isEmpty else { return }
        answer.change { $0.insertInOrder(EscapeFilter.clean(lines.joined(separator: "\n"))) }
        try await refresh(answer)
    }

    /// The bytes of a line that are held until it ends.
    private static let longestRow = 64 * 1024

    /// What a row shows in the end of a line that goes back to its first column, as progress does.
    private static func overwritten(_ line: Substring) -> String {
        String(line.utf8.split(separator: 13).last.map(Substring.init) ?? "")
    }

    /// Shows the rest of a line that was printed inside an answer.
    func releasePrinted() async {
        guard !printed.isEmpty else { return }
        let rest = printed
        printed = ""
        try? await writePrinted(rest + "\n")
    }

    private func writePrinted(_ text: String) async throws {
        guard let last = text.last else { return }
        isInsideLine = !last.isNewline
        // What comes of an answer that was stopped would be dropped as that is.
        guard !isStopped else { return try terminal.post(text) }
        try await terminal.writeAnswer(text)
    }

    /// Shows what was said before, where that is possible in a dim colour.
    ///
    /// - Throws: As `show(_:)`.
    func showFormer(_ text: String) async throws {
        guard answer != nil else { return try await showLines(text) }
        try await addThought(ShownText.harmless(text))
        try await endAnswer()
    }
}
