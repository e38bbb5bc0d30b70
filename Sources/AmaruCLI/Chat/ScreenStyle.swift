// How answers look, by what the user and the terminal ask for.
// SPDX-License-Identifier: Apache-2.0

import AmaruMarkdown

/// Whether answers are laid out, and with what.
enum ScreenStyle: Equatable {
    /// The text as it comes: for other programs, screen readers and simple terminals.
    case plain
    /// Laid out, each block when it is finished: for a program that takes colours.
    case finished(TextColors)
    /// Laid out while it comes.
    case live(TextColors)

    /// Decides by the variables that programs have for this.
    ///
    /// - `isPlain`: Whether the user asked for plain text.
    init(isPlain: Bool, isTerminal: Bool, variables: [String: String]) {
        let isForced = ["FORCE_COLOR", "CLICOLOR_FORCE"].contains { name in
            !["", "0", "false"].contains(variables[name, default: ""])
        }
        let colors = Self.colors(isForced, variables)
        if isPlain || isTerminal && Self.isDumb(variables) {
            self = .plain
        } else if isTerminal {
            self = .live(colors)
        } else {
            self = isForced ? .finished(colors) : .plain
        }
    }

    /// Whether the variables name a terminal that obeys no escape sequences, or none.
    static func isDumb(_ variables: [String: String]) -> Bool {
        ["", "dumb"].contains(variables["TERM", default: ""])
    }

    private static func colors(_ isForced: Bool, _ variables: [String: String]) -> TextColors {
        let value = { (name: String) in variables[name, default: ""] }
        if isForced { return .all }
        // https://no-color.org says colours: bold and the like stay.
        guard value("NO_COLOR").isEmpty, value("FORCE_COLOR").isEmpty else { return .monochrome }
        let isOld = ["vt100", "vt102", "vt220", "vt320"].contains(value("TERM"))
        return isOld && value("COLORTERM").isEmpty ? .monochrome : .all
    }

    /// The view that answers are shown with; nil for plain text.
    ///
    /// - `highlighter`: What finds the colours of code, if they are wanted.
    func view(_ highlighter: (any CodeHighlighter)? = nil) -> MarkdownView? {
        let (colors, isLive): (TextColors, Bool)
        switch self {
        case .plain: return nil
        case .finished(let own): (colors, isLive) = (own, false)
        case .live(let own): (colors, isLive) = (own, true)
        }
        return MarkdownView(
            measure: CellMeasure { CellWidth.of($0) },
            colors: colors,
            isLive: isLive,
            highlighter: highlighter
        )
    }

    /// The same for a text that is there already.
    var finished: MarkdownView? {
        if case .live(let colors) = self { return ScreenStyle.finished(colors).view() }
        return view()
    }
}
