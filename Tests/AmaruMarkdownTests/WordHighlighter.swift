// A highlighter whose colours are known beforehand, and come when they like.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Synchronization

@testable import AmaruMarkdown

/// Colours words by their first letters; each colour depends on the lines before it too.
struct WordHighlighter: CodeHighlighter {
    /// The most times that a caller asks before it has the colours.
    var latestAnswer = 0
    var seed: UInt64 = 1
    let patience = Duration.zero

    func begin(_ language: String) -> (any ColoredCode)? {
        language == "unknown" ? nil : WordCode(self)
    }
}

private final class WordCode: ColoredCode {
    private struct State {
        var random: SeededGenerator
        var lines: [[CodeSpan]?] = []
        var patience: Int
        var sum = 0
        var isPlain = false
    }

    private let latest: Int
    private let state: Mutex<State>

    init(_ highlighter: WordHighlighter) {
        latest = highlighter.latestAnswer
        state = Mutex(State(random: SeededGenerator(seed: highlighter.seed), patience: latest))
    }

    var isPlain: Bool { state.withLock { $0.isPlain } }

    func giveUp() {
        state.withLock { state in
            state.isPlain = true
            state.lines = state.lines.map { _ in nil }
        }
    }

    func append(_ line: String) {
        state.withLock { state in
            guard !state.isPlain else { return state.lines.append(nil) }
            var spans: [CodeSpan] = []
            for word in line.split(separator: " ", omittingEmptySubsequences: false) {
                state.sum += word.utf8.count
                let style = [TextStyle.magenta, .green, [], [.bold, .blue]][state.sum % 4]
                // Behind it the space; of the last word the end of the line.
                spans.append(CodeSpan(length: word.unicodeScalars.count, style: style))
                spans.append(CodeSpan(length: 1, style: []))
            }
            state.lines.append(spans)
        }
    }

    func take(_ count: Int) -> [[CodeSpan]?]? {
        state.withLock { state in
            if !state.isPlain, state.patience > 0 {
                state.patience -= 1
                return nil
            }
            if latest < .max {
                state.patience = Int.random(in: 0...latest, using: &state.random)
            }
            precondition(count <= state.lines.count, "more is taken than there is")
            defer { state.lines.removeFirst(count) }
            return Array(state.lines.prefix(count))
        }
    }
}
