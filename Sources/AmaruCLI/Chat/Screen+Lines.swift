// Lines on the screen that are no answer.
// SPDX-License-Identifier: Apache-2.0

extension Screen {
    /// Shows lines of the program's own as they are: they are no Markdown.
    ///
    /// - Throws: As `show(_:)`.
    func showLines(_ text: String) async throws {
        try await endAnswer()
        try await write(ShownText.harmless(text) + "\n")
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
