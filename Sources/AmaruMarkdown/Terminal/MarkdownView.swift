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
        case part(AwaitedPart)
        case line(StyledLine)
        /// The next part begins an answer.
        case end

        /// Whether it is not waiting for colours.
        var isComplete: Bool {
            if case .part(let part) = self { part.isComplete } else { true }
        }

        mutating func takeColors() {
            guard case .part(var part) = self else { return }
            part.takeColors()
            self = .part(part)
        }

        /// Its lines, behind a former part, which it becomes itself.
        func lines(
            _ renderer: MarkdownRenderer,
            after former: inout MarkdownReader.Part?
        ) -> [StyledLine] {
            switch self {
            case .line(let line): return [line]
            case .end: former = nil
            case .part(let part):
                defer { former = part.part }
                return part.lines(renderer, after: former)
            }
            return []
        }
    }

    private let measure: CellMeasure
    private let showsLive: Bool
    private let highlighter: (any CodeHighlighter)?
    /// The fence that is being read, if its lines may get colours.
    private var code: (any ColoredCode)?
    private var reader = MarkdownReader()
    private var region: LiveRegion
    private var finished: [Finished] = []
    private var former: MarkdownReader.Part?
    /// The last line of what the model thinks; nil when it doesn't.
    private var thought: String?
    /// The lines that the last frame has left for good.
    private var lastLines: [StyledLine] = []
    /// Whether a frame would write anything.
    package private(set) var isChanged = false
    /// Whether finished lines wait for the colours of code: frames are due until they have come.
    package private(set) var awaitsColors = false
    /// Whether something came that has not been finished: it may not have been in any frame.
    private var isOpen = false

    /// - `isLive`: Whether what may change is shown; else each block appears when it is finished.
    /// - `highlighter`: What finds the colours of code; used only with all colours.
    package init(
        measure: CellMeasure,
        colors: TextColors,
        isLive: Bool = true,
        highlighter: (any CodeHighlighter)? = nil
    ) {
        self.measure = measure
        self.highlighter = colors == .all ? highlighter : nil
        showsLive = isLive
        region = LiveRegion(measure: measure, colors: colors)
    }

    /// Whether rows may still change: nothing else may be written below them.
    package var isLive: Bool { isOpen || isChanged || awaitsColors || !region.isEmpty }

    /// Takes more of the answer, as long as it is wanted.
    package mutating func append(_ text: String, while isWanted: () -> Bool = { true }) {
        guard !text.isEmpty else { return }
        finishThought()
        for part in reader.append(text, while: isWanted) { add(part) }
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
        insert(line, at: finished.firstIndex { !$0.isComplete } ?? finished.endIndex)
    }

    /// Adds lines below what has come, if that can end there, else above what may still change.
    package mutating func insertInOrder(_ lines: String) {
        guard thought == nil, let parts = reader.cut() else { return insert(lines) }
        for part in parts { add(part) }
        insert(lines, at: finished.endIndex)
        finished.append(.end)
    }

    private mutating func insert(_ text: String, at place: Int) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        finished.insert(contentsOf: lines.map { .line(StyledLine(String($0))) }, at: place)
        isChanged = true
    }

    /// Ends the answer: the next frame leaves all of it for good.
    package mutating func finish() {
        finishThought()
        finishAnswer()
        isOpen = false
    }

    /// Waits no longer for colours: the next frame leaves all that is finished for good.
    package mutating func giveUpColors() {
        for case .part(let part) in finished { part.giveUp() }
        if awaitsColors { isChanged = true }
    }

    /// Begins again below what is on the screen, since the terminal has not taken all of the last
    /// frame: nobody knows how much of it.
    package mutating func restart() {
        finished.insert(contentsOf: lastLines.map { .line($0) }, at: 0)
        region.abandon()
        isChanged = true
    }

    /// What to write for the screen to show all that came.
    package mutating func frame(columns: Int, rows: Int) -> LiveRegion.Frame {
        let renderer = MarkdownRenderer(columns: columns, measure: measure)
        var (done, live): ([StyledLine], [StyledLine]) = ([], [])
        var last = former
        var held: [Finished] = []
        for var item in finished {
            if held.isEmpty { item.takeColors() }
            // What follows code that waits for colours waits with it.
            let isHeld = !held.isEmpty || !item.isComplete
            let lines = item.lines(renderer, after: &last)
            if isHeld {
                held.append(item)
                live += lines
            } else {
                former = last
                done += lines
            }
        }
        finished = held
        lastLines = done
        awaitsColors = !held.isEmpty
        isChanged = false
        guard showsLive else {
            return region.frame(adding: done, live: [], columns: columns, rows: rows)
        }
        if let thought, !thought.isEmpty { live.append(Self.thought(thought)) }
        var open = renderer
        if code?.isPlain == false { open.codeStyle = [] }
        for part in reader.live {
            live += (part.continues ? open : renderer).lines(of: part, after: last)
            last = part
        }
        return region.frame(adding: done, live: live, columns: columns, rows: rows)
    }

    /// Adds a finished part; code goes to the highlighter.
    private mutating func add(_ part: MarkdownReader.Part) {
        guard let highlighter else { return finished.append(.part(AwaitedPart(part))) }
        guard case .code(let info, _) = part.block else {
            code = nil
            return finished.append(.part(AwaitedPart(part, highlighter)))
        }
        if !part.continues {
            code = CodeText.language(of: info).flatMap { highlighter.begin($0) }
        }
        guard let code else { return finished.append(.part(AwaitedPart(part))) }
        for line in part.codeLines {
            let awaited = AwaitedPart(line, lineOf: code)
            if case .code(_, let text) = line.block, !awaited.isComplete {
                code.append(String(text.dropLast()))
            }
            finished.append(.part(awaited))
        }
        if !part.isOpen { self.code = nil }
    }

    private mutating func finishAnswer() {
        for part in reader.finish() { add(part) }
        finished.append(.end)
        code = nil
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
