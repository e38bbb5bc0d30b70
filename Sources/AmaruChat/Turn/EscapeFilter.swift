// Takes terminal control sequences out of text that others wrote.
// SPDX-License-Identifier: Apache-2.0

/// Removes what would command a terminal from a stream of text, whatever the stream's cuts.
///
/// Text of models, plugins and servers goes through here before anything else sees it (CWE-150).
/// What is left is printable text, tabs and newlines; a carriage return becomes a newline, since
/// alone it lets later text overwrite earlier text. Nothing is held back: a sequence's start is
/// dropped as it comes, so a cut never delays text.
///
/// ```swift
/// var filter = EscapeFilter()
/// filter.feed("safe\u{1B}[2")  // "safe"
/// filter.feed("Jtext")         // "text"
/// ```
package struct EscapeFilter: Sendable {
    private enum State: Equatable {
        case text
        /// After a carriage return, which was already given out as a newline.
        case carriageReturn
        case escape
        /// In an escape sequence with intermediate characters, as ESC ( B.
        case intermediate
        case control
        /// In a string (OSC, DCS, SOS, PM, APC) up to its terminator.
        case string
    }

    /// The scalars after which an unterminated sequence is given up.
    ///
    /// What follows is shown as text, which is ugly and harmless.
    static let sequenceBound = 256

    private let marksRemoved: Bool
    private var state = State.text
    private var length = 0

    /// Creates a filter at the start of a text.
    ///
    /// - `marksRemoved`: Whether a symbol such as ␛ stands for each control and each sequence.
    package init(marksRemoved: Bool = false) { self.marksRemoved = marksRemoved }

    /// Filters a whole text.
    package static func clean(_ text: String) -> String {
        var filter = EscapeFilter()
        return filter.feed(text)
    }

    /// Takes the next piece and returns what of it may be shown.
    package mutating func feed(_ text: String) -> String {
        if state == .text, Self.isHarmless(text) { return text }
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { take(scalar, &shown) }
        return String(shown)
    }

    /// Whether a text holds no control but tabs and newlines, by a look at its bytes.
    private static func isHarmless(_ text: String) -> Bool {
        text.utf8.allSatisfy { byte in
            // 0xC2 leads the C1 controls, among others.
            byte >= 0x20 && byte != 0x7F && byte != 0xC2 || byte == 0x0A || byte == 0x09
        }
    }

    private mutating func take(_ scalar: Unicode.Scalar, _ shown: inout String.UnicodeScalarView) {
        if state == .text || state == .carriageReturn {
            takeText(scalar, &shown)
            return
        }
        length += 1
        switch scalar.value {
        case 0x1B:
            // Also the first half of a string's terminator, ESC \.
            enter(.escape)
        case 0x0A, 0x0D:
            // No sequence goes over lines; this keeps an unterminated one from eating the rest.
            state = .text
            takeText(scalar, &shown)
        case 0x18, 0x1A, 0x9C:
            state = .text
        case 0x07 where state == .string:
            state = .text
        case 0x80...0x9F:
            state = .text
            takeText(scalar, &shown)
        default:
            takeInSequence(scalar, &shown)
        }
        if length >= Self.sequenceBound { state = .text }
    }

    private mutating func takeInSequence(
        _ scalar: Unicode.Scalar,
        _ shown: inout String.UnicodeScalarView
    ) {
        switch (state, scalar.value) {
        case (.string, _), (_, 0x00...0x1F), (_, 0x7F):
            break
        case (.escape, 0x5B):
            state = .control
        case (.escape, 0x5D), (.escape, 0x50), (.escape, 0x58), (.escape, 0x5E), (.escape, 0x5F):
            state = .string
        case (.escape, 0x20...0x2F), (.intermediate, 0x20...0x2F):
            state = .intermediate
        case (.control, 0x20...0x3F):
            break
        case (.escape, 0x30...0x7E), (.intermediate, 0x30...0x7E), (.control, 0x40...0x7E):
            state = .text
        default:
            // Not ASCII: no terminal goes on with the sequence.
            state = .text
            takeText(scalar, &shown)
        }
    }

    private mutating func takeText(
        _ scalar: Unicode.Scalar,
        _ shown: inout String.UnicodeScalarView
    ) {
        let followsReturn = state == .carriageReturn
        state = .text
        switch scalar.value {
        case 0x0A:
            if !followsReturn { shown.append(scalar) }
        case 0x0D:
            shown.append("\n")
            state = .carriageReturn
        case 0x09:
            shown.append(scalar)
        case 0x1B:
            mark(scalar, &shown)
            enter(.escape)
        case 0x9B:
            mark(scalar, &shown)
            enter(.control)
        case 0x90, 0x98, 0x9D, 0x9E, 0x9F:
            mark(scalar, &shown)
            enter(.string)
        case 0x00...0x1F, 0x7F...0x9F:
            mark(scalar, &shown)
        default:
            shown.append(scalar)
        }
    }

    /// Shows the picture of a control; those beyond ASCII have that of ESC.
    private func mark(_ scalar: Unicode.Scalar, _ shown: inout String.UnicodeScalarView) {
        guard marksRemoved else { return }
        let picture = scalar.value < 0x20 ? 0x2400 + scalar.value : 0x241B
        shown.append(Unicode.Scalar(scalar.value == 0x7F ? 0x2421 : picture) ?? "\u{241B}")
    }

    private mutating func enter(_ state: State) {
        self.state = state
        length = 0
    }
}
