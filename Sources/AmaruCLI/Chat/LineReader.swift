// How a loop gets its next line: completed, edited elsewhere, and kept in the history.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment

/// Reads the lines of a conversation, or of a session in Python.
///
/// What concerns the typing alone is done here, so that a loop sees lines and their end only.
struct LineReader: Sendable {
    let program: Program
    let kind: LineKind
    /// Finds how the last word of a text may go on.
    let completion: @Sendable (String) async -> Completion

    private var screen: Screen { program.screen }

    /// The next line, or the end of input when something in Python has ended the program.
    ///
    /// - `draft`: What the user is to change.
    /// - Throws: `TerminalError`.
    func next(_ prompt: String, changing draft: String? = nil) async throws -> LineResult {
        var request = request(prompt)
        request.change = draft.map { .replace($0) }
        if screen.isInteractive { request.history = program.history.load(kind) }
        while true {
            let result = try await read(request)
            request.history = []
            switch result {
            case .completion(let text):
                let found = await completion(text)
                request.change = found.rest.isEmpty ? nil : .type(found.rest)
                if found.rest.isEmpty, let size = screen.terminalInUse?.size {
                    screen.terminalInUse?.post(found.table(size))
                }
            case .editing(let text):
                request.change = try await edit(text).map { .replace($0) }
            case .line, .interrupted, .cleared, .endOfInput:
                return result
            }
        }
    }

    /// A line of this kind, which is kept as soon as it is entered.
    func request(_ prompt: String) -> LineRequest {
        var request = LineRequest(prompt: prompt, kind: kind)
        if screen.isInteractive {
            request.keep = { [program, kind] line in program.history.append(line, as: kind) }
        }
        return request
    }

    private func read(_ request: LineRequest) async throws -> LineResult {
        do {
            let terminal = try screen.terminal
            // A Ctrl-C between two lines is one at the next prompt.
            return try await program.interrupts.during({ _ in terminal.interruptLineOrNext() }) {
                try await screen.readLine(request)
            }
        } catch let error as TerminalError where error.code == .closed {
            return .endOfInput
        }
    }

    /// The text as the user's own editor left it; nil, and a word about it, if that failed.
    private func edit(_ text: String) async throws -> String? {
        try await screen.lend()
        let editor = ExternalEditor(variables: program.variables)
        let suffix = kind == .source ? "py" : "md"
        // Ctrl-C is the editor's.
        let result = await program.interrupts.during({ _ in }) {
            await editor.edit(text, suffix: suffix)
        }
        screen.takeBack()
        switch result {
        case .success(let edited): return edited
        case .failure(let failure):
            await screen.notice("\(failure)")
            return nil
        }
    }

    /// Shows what Python does between the lines, and ends the reading of lines with it.
    ///
    /// - Throws: As `Screen.show(_:)`, and what has ended Python.
    func showBackground(
        of session: ChatSession,
        after start: () async throws -> Void = {}
    ) async throws {
        defer { screen.close() }
        try await start()
        for try await event in session.background { try await screen.show(event) }
    }
}
