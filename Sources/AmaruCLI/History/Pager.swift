// Markdown on a terminal, through the user's pager if it is longer than the screen.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruEnvironment
import AmaruMarkdown

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Shows what has been said as the chat has shown it.
///
/// The pager is `PAGER`, else `less`. An empty value or a simple terminal means no pager.
struct Pager: Sendable {
    let variables: [String: String]

    /// Shows a text; returns when the user has left the pager.
    ///
    /// - Throws: `TerminalError` if standard output cannot be written.
    func show(_ text: String) async throws {
        let size = TerminalSize(of: STDOUT_FILENO)
        let shown = layOut(text, size)
        let isLong = Self.rows(of: shown, size) >= size.rows
        if isLong, let command, try await page(shown, command) { return }
        try TerminalOutput.write(shown, to: STDOUT_FILENO)
    }

    /// The text as on the screen of a chat.
    func layOut(_ text: String, _ size: TerminalSize) -> String {
        let style = ScreenStyle(isPlain: false, isTerminal: true, variables: variables)
        guard var view = style.finished else { return EscapeFilter.clean(text) }
        view.append(text)
        view.finish()
        return view.frame(columns: size.columns, rows: size.rows).text
    }

    /// How many rows of a screen a text takes.
    static func rows(of text: String, _ size: TerminalSize) -> Int {
        text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().reduce(0) {
            let cells = CellWidth.of(EscapeFilter.clean(String($1)))
            return $0 + max(1, (cells + size.columns - 1) / max(1, size.columns))
        }
    }

    private var command: String? {
        guard !ScreenStyle.isDumb(variables) else { return nil }
        let named = variables["PAGER"] ?? "less"
        return named.allSatisfy(\.isWhitespace) ? nil : named
    }

    /// Has the pager show a text; returns false if there is no such program.
    private func page(_ text: String, _ command: String) async throws -> Bool {
        var variables = variables
        // Colours and links as they are, unless the user wants something else of it.
        if variables["LESS"] == nil { variables["LESS"] = "R" }
        let environment = variables
        let folder = variables["TMPDIR"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/tmp"
        return try await SignalAction.leavingKeys {
            try await blockingCall("amaru-pager") {
                let file = try Descriptor.file(holding: text, in: folder)
                let end = try ForegroundProgram.run(
                    executable: "/bin/sh",
                    arguments: ["-c", command],
                    environment: environment,
                    input: file
                )
                // The shell has said what it did not find.
                return end != .ended(.exited(127)) && end != .ended(.exited(126))
            }
        }
    }
}
