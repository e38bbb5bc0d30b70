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

    /// Shows what Python prints: above what may still change of an answer, line by line.
    ///
    /// It is written as it is, but inside an answer, whose rows are counted.
    ///
    /// - Throws: `TerminalError` if the terminal has gone; `CancellationError`.
    func print(_ text: String) async throws {
        guard let answer, answer.isLive, !isStopped else {
            let whole = printed + text
            printed = ""
            return try await writePrinted(whole)
        }
        printed += text
        guard let end = printed.lastIndex(where: \.isNewline) else { return }
        let lines = printed[..<end]
        printed = String(printed[end...].dropFirst())
        answer.change { $0.insert(EscapeFilter.clean(String(lines))) }
        try await refresh(answer)
    }

    /// Shows the rest of a line that was printed inside an answer.
    func releasePrinted() async {
        guard !printed.isEmpty else { return }
        defer { printed = "" }
        try? await writePrinted(printed + "\n")
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
