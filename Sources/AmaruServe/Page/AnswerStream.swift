// An answer that grows, as messages to a page.
// SPDX-License-Identifier: Apache-2.0

import Amaru
package import AmaruChat
import AmaruMarkdown

/// Turns the events of one turn into what a page shows of it: a value, without I/O.
///
/// Blocks that are finished stay as they are; what may still change is sent again as it does, and
/// code by what is added to it. The end puts right what only the whole text tells, such as links
/// that are defined below.
///
/// ```swift
/// var stream = AnswerStream()
/// stream.take(.text("# Title\nSome *te"))
/// stream.changes()  // block 0: "<h3>Title</h3>", block 1: "<p>Some *te</p>"
/// stream.take(.text("xt*"))
/// stream.finish(.finished(reason: "stop"))
/// stream.changes()  // block 1: "<p>Some <em>text</em></p>", done
/// ```
package struct AnswerStream: Sendable {
    /// What the page shows of a block.
    private enum Shown: Equatable {
        case html(String)
        /// Code: the part that stays, in UTF-8 and in UTF-16 units, and the text behind it; nil if
        /// that is not known.
        case code(info: String, bytes: Int, units: Int, rest: String?)
    }

    /// The blocks of the texts before the one that is read.
    private var former = BlockSequence()
    /// The finished blocks of the text that is read.
    private var current = BlockSequence()
    private var reader = MarkdownReader()
    private var text = ""
    private var shown: [Shown?] = []
    /// The blocks that are shown and can't change, unless a text's end does it.
    private var settled = 0

    /// What the model has thought since the last ``changes()``.
    package private(set) var reasoning = ""
    /// The UTF-16 units of what it has thought before.
    private var thoughtUnits = 0
    /// The lines of diagnostics.
    package private(set) var notices: [String] = []
    private var shownNotices = 0
    /// The files of the answer.
    package private(set) var files: [PageFile] = []
    private var shownFiles = 0
    private var status: String?
    private var usage: (prompt: Int, completion: Int)?
    private var failure: ChatFailure?
    private var end: PageEnd?
    private var isEnded = false

    /// An answer without anything in it.
    package init() {}

    /// The HTML of each block, as far as it is finished or the turn has ended.
    package var blocks: [String] { (former.blocks + current.blocks).map(\.html) }

    // MARK: Events

    /// Takes the next event of the turn; what comes after its end is dropped.
    ///
    /// - `isWanted`: Looked at again and again; without it the answer is incomplete from then on,
    ///   and of no use.
    package mutating func take(_ event: TurnEvent, while isWanted: () -> Bool = { true }) {
        guard !isEnded else { return }
        switch event {
        case .text(let more):
            append(more, isWanted)
        case .display(let reply):
            // A text of its own: what it leaves open doesn't concern the next.
            endText(isWanted)
            append(reply, isWanted)
            endText(isWanted)
        case .reasoning(let more):
            reasoning += more
        case .notice(let line), .stalled(let line):
            notices.append(line)
        case .skipped(let count):
            notices.append("\(count) pieces of the answer were dropped")
        case .attachment(let file):
            files.append(PageFile(file))
        case .toolCall(let name, _):
            status = "Calling \(name) …"
        case .retrying(let reason, let delay, let attempt, let attempts):
            let seconds = Int(delay.bounded / .seconds(1))
            status = "\(reason); trying again in \(seconds) s (\(attempt) of \(attempts))"
        case .usage(let prompt, let completion):
            usage = (max(0, prompt), max(0, completion))
        }
    }

    /// Ends the answer.
    ///
    /// - Parameters:
    ///   - end: How it ended.
    ///   - milliseconds: How long the turn took.
    ///   - isWanted: As for `take(_:while:)`.
    package mutating func finish(
        _ end: TurnEnd,
        milliseconds: Int? = nil,
        while isWanted: () -> Bool = { true }
    ) {
        guard !isEnded else { return }
        endText(isWanted)
        switch end {
        case .finished(let reason):
            finish("finished", reason, milliseconds)
        case .cancelled:
            finish("stopped", nil, milliseconds)
        case .failed(let failure):
            self.failure = self.failure ?? failure
            finish("failed", nil, milliseconds)
        case .exited(let status):
            if status != 0 { failure = failure ?? Self.exited(status) }
            finish(status == 0 ? "finished" : "failed", "exit", milliseconds)
        }
    }

    /// Ends the answer of a turn whose process is gone.
    package mutating func interrupt(while isWanted: () -> Bool = { true }) {
        guard !isEnded else { return }
        endText(isWanted)
        finish("interrupted", nil, nil)
    }

    private static func exited(_ status: Int32) -> ChatFailure {
        ChatFailure(code: "exited", message: "the script ended the program with status \(status)")
    }

    private mutating func finish(_ state: String, _ reason: String?, _ milliseconds: Int?) {
        isEnded = true
        end = PageEnd(
            state: state,
            reason: reason,
            prompt: usage?.prompt,
            completion: usage?.completion,
            milliseconds: milliseconds,
            blocks: former.blocks.count
        )
    }

    private mutating func append(_ more: String, _ isWanted: () -> Bool) {
        text += more
        status = nil
        for part in reader.append(more, while: isWanted) { current.take(part) }
    }

    private mutating func endText(_ isWanted: () -> Bool) {
        for part in reader.endText() { current.take(part) }
        settled = min(settled, former.blocks.count)
        former.append(current.resolved(text, reader.definitions, while: isWanted))
        current = BlockSequence()
        reader = MarkdownReader()
        text = ""
    }

    // MARK: Messages

    /// What the page has to be told since the last call.
    ///
    /// The state after an event doesn't depend on when this was called before.
    package mutating func changes() -> [PageEvent] {
        var events: [PageEvent] = []
        if !reasoning.isEmpty {
            events.append(.reasoning(at: thoughtUnits, text: reasoning))
            thoughtUnits += reasoning.utf16.count
            reasoning = ""
        }
        events += blockChanges()
        for index in shownNotices..<notices.count {
            events.append(.notice(index, text: notices[index]))
        }
        shownNotices = notices.count
        events += (shownFiles..<files.count).map { .file($0, files[$0]) }
        shownFiles = files.count
        if let status { events.append(.status(status)) }
        status = nil
        if let failure { events.append(.error(failure)) }
        failure = nil
        if let end { events.append(.done(end)) }
        end = nil
        return events
    }

    /// Takes all so far as shown, except what may still change: the next `changes()` has it whole,
    /// but for the lines of code that are finished.
    ///
    /// For a page that comes back: first the events that it knows, then this, then the others.
    package mutating func skip() {
        _ = changes()
        for index in shown.indices.dropFirst(settled) {
            if case .code(let info, let bytes, let units, _) = shown[index], bytes > 0 {
                shown[index] = .code(info: info, bytes: bytes, units: units, rest: nil)
            } else {
                shown[index] = nil
            }
        }
    }

    private mutating func blockChanges() -> [PageEvent] {
        let finished = former.blocks.count + current.blocks.count
        var live = current.tail
        // The first of the live blocks may be the last finished one.
        let start = finished - live.blocks.count
        for part in reader.live { live.take(part) }
        let count = start + live.blocks.count
        var events: [PageEvent] = []
        for index in settled..<max(settled, count) {
            let staying = index < finished ? block(index) : nil
            let (now, event) = Self.change(
                of: index < start ? block(index) : live.blocks[index - start],
                at: index,
                staying: staying,
                after: index < shown.count ? shown[index] : nil
            )
            if index < shown.count { shown[index] = now } else { shown.append(now) }
            if let event { events.append(event) }
        }
        for index in shown.indices.dropFirst(count) where shown[index] != .html("") {
            shown[index] = .html("")
            events.append(.block(index, html: ""))
        }
        settled = former.blocks.count + max(0, current.blocks.count - 1)
        return events
    }

    /// A finished block.
    private func block(_ index: Int) -> BlockSequence.Block {
        let others = former.blocks.count
        return index < others ? former.blocks[index] : current.blocks[index - others]
    }

    /// What the page shows of a block from now on, and what it is told for that.
    private static func change(
        of block: BlockSequence.Block,
        at index: Int,
        staying: BlockSequence.Block?,
        after former: Shown?
    ) -> (Shown, PageEvent?) {
        guard case .code(let info, let text) = block else {
            let html = block.html
            return (.html(html), former == .html(html) ? nil : .block(index, html: html))
        }
        // Only what is finished stays; there may be none of it yet.
        var stayingBytes = 0
        if case .code(info, let sure) = staying { stayingBytes = sure.size }
        guard case .code(info, let bytes, let units, let rest) = former,
            bytes <= stayingBytes
        else {
            let (sure, rest) = split(text.string, at: stayingBytes)
            let shown = Shown.code(
                info: info,
                bytes: stayingBytes,
                units: sure.utf16.count,
                rest: String(rest)
            )
            return (shown, .block(index, html: block.html))
        }
        let added = text.suffix(from: bytes)
        let (sure, open) = split(added, at: stayingBytes - bytes)
        let shown = Shown.code(
            info: info,
            bytes: stayingBytes,
            units: units + sure.utf16.count,
            rest: String(open)
        )
        return (shown, added == rest ? nil : .code(index, at: units, text: added))
    }

    private static func split(_ text: String, at bytes: Int) -> (Substring, Substring) {
        let index = text.utf8.index(text.startIndex, offsetBy: bytes)
        return (text[..<index], text[index...])
    }
}
