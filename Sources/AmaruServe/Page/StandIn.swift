// A stand-in for the page's rendering, to be removed when that is here.
// SPDX-License-Identifier: Apache-2.0

package import AmaruChat

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One block with the whole text.
package struct AnswerStream: Sendable {
    private var text = ""
    private var shown = ""
    package private(set) var reasoning = ""
    package private(set) var notices: [String] = []
    private var thought = 0
    private var said = 0
    private var failure: ChatFailure?
    private var end: PageEnd?
    private var usage: (prompt: Int, completion: Int)?

    package init() {}

    package var blocks: [String] { text.isEmpty ? [] : ["<p>\(text)</p>"] }

    package mutating func take(_ event: TurnEvent) {
        switch event {
        case .text(let more): text += more
        case .display(let reply): text += reply + "\n"
        case .reasoning(let more): reasoning += more
        case .notice(let line): notices.append(line)
        case .usage(let prompt, let completion): usage = (prompt, completion)
        default: break
        }
    }

    package mutating func finish(_ end: TurnEnd, milliseconds: Int? = nil) {
        switch end {
        case .finished(let reason): finish("finished", reason, milliseconds)
        case .failed(let failure):
            self.failure = failure
            finish("failed", nil, milliseconds)
        default: finish("stopped", nil, milliseconds)
        }
    }

    package mutating func interrupt() { finish("interrupted", nil, nil) }

    private mutating func finish(_ state: String, _ reason: String?, _ milliseconds: Int?) {
        end = PageEnd(
            state: state,
            reason: reason,
            prompt: usage?.prompt,
            completion: usage?.completion,
            milliseconds: milliseconds,
            blocks: blocks.count
        )
    }

    package mutating func changes() -> [PageEvent] {
        var events: [PageEvent] = []
        if thought < reasoning.utf16.count {
            let more = String(decoding: Array(reasoning.utf16.dropFirst(thought)), as: UTF16.self)
            events.append(.reasoning(at: thought, text: more))
            thought = reasoning.utf16.count
        }
        if shown != text { events.append(.block(0, html: "<p>\(text)</p>")) }
        shown = text
        for index in said..<notices.count { events.append(.notice(index, text: notices[index])) }
        said = notices.count
        if let failure { events.append(.error(failure)) }
        if let end { events.append(.done(end)) }
        (failure, end) = (nil, nil)
        return events
    }

    package mutating func skip() {
        _ = changes()
        shown = ""
    }
}
