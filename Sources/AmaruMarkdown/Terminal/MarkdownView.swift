// An answer on a terminal while it comes.
// SPDX-License-Identifier: Apache-2.0

/// Shows an answer as it grows: what is finished once, and what may still change below it.
///
/// It takes the pieces as they come; `frame(columns:rows:)` says what to write, as often as the
/// screen is to change.
///
/// ```swift
/// var view = MarkdownView(measure: CellMeasure(CellWidth.of), colors: .all)
/// view.append("Some *te")
/// write(view.frame(columns: 80, rows: 24).text)
/// view.append("xt*")
/// view.finish()
/// write(view.frame(columns: 80, rows: 24).text)
/// ```
package struct MarkdownView: Sendable {
    /// What is finished and not written yet.
    private enum Finished {
        case part(MarkdownReader.Part)
        case line(StyledLine)
        /// The next part begins an answer.
        case end
    }

    private let measure: CellMeasure
    private let showsLive: Bool
    private var reader = MarkdownReader()
    private var region: LiveRegion
    private var finished: [Finished] = []
    private var former: MarkdownReader.Part?
    /// The last line of what the model thinks; nil when it doesn't.
    private var thought: String?
    /// Whether a frame would write anything.
    package private(set) var isChanged = false
    /// Whether something came that has not been finished: it may not have been in any frame.
    private var isOpen = false

    /// - `isLive`: Whether what may change is shown; else each block appears when it is finished.
    package init(measure: CellMeasure, colors: TextColors, isLive: Bool = true) {
        self.measure = measure
        showsLive = isLive
        region = LiveRegion(measure: measure, colors: colors)
    }

    /// Whether rows may still change: nothing else may be written below them.
    package var isLive: Bool { isOpen || isChanged || !region.isEmpty }

    /// Takes more of the answer, as long as it is wanted.
    package mutating func append(_ text: String, while isWanted: () -> Bool = { true }) {
        guard !text.isEmpty else { return }
        finishThought()
        finished += reader.append(text, while: isWanted).map { .part($0) }
        (isOpen, isChanged) = (true, true)
    }

    /// Takes more of what the model thinks.
    package mutating func appendThought(_ text: String) {
        guard !text.isEmpty else { return }
        if thought == nil { finishAnswer() }
        var lines = ((thought ?? "") + text).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        thought = lines.popLast().map { String($0) }
        finished += lines.map { .line(Self.thought(String($0))) }
        (isOpen, isChanged) = (true, true)
    }

    /// Adds a line above what may still change.
    package mutating func insert(_ line: String) {
        for part in line.split(separator: "\n", omittingEmptySubsequences: false) {
            finished.append(.line(StyledLine(String(part))))
        }
        isChanged = true
    }

    /// Ends the answer: the next frame leaves all of it for good.
    package mutating func finish() {
        finishThought()
        finishAnswer()
        isOpen = false
    }

    /// Leaves what is on the screen as it is, and forgets the rest.
    package mutating func abandon() {
        finish()
        finished = []
        region.abandon()
        isChanged = false
    }

    /// What to write for the screen to show all that came.
    package mutating func frame(columns: Int, rows: Int) -> LiveRegion.Frame {
        let renderer = MarkdownRenderer(columns: columns, measure: measure)
        var done: [StyledLine] = []
        for item in finished {
            switch item {
            case .line(let line): done.append(line)
            case .end: former = nil
            case .part(let part):
                done += renderer.lines(of: part, after: former)
                former = part
            }
        }
        finished = []
        isChanged = false
        var live: [StyledLine] = []
        if showsLive, let thought, !thought.isEmpty { live.append(Self.thought(thought)) }
        var last = former
        for part in showsLive ? reader.live : [] {
            live += renderer.lines(of: part, after: last)
            last = part
        }
        return region.frame(adding: done, live: live, columns: columns, rows: rows)
    }

    private mutating func finishAnswer() {
        finished += reader.finish().map { .part($0) } + [.end]
        isChanged = true
    }

    private mutating func finishThought() {
        guard let last = thought else { return }
        thought = nil
        if !last.isEmpty { finished.append(.line(Self.thought(last))) }
        finished.append(.line(StyledLine()))
    }

    private static func thought(_ text: String) -> StyledLine { StyledLine(text, .dim) }
}
