// What a page that follows a turn is told.
// SPDX-License-Identifier: Apache-2.0

package import AmaruChat
import NIOCore

/// A message to a page that follows a turn.
///
/// Each says how things are from some place on, so that one that comes twice changes nothing.
package enum PageEvent: Sendable {
    /// Forget all blocks, thoughts, notices and files: they follow as a whole.
    case reset
    /// A block's HTML is this; empty if it turned out not to be a block.
    case block(Int, html: String)
    /// A block of code goes on with this text from a place on, in UTF-16 units.
    case code(Int, at: Int, text: String)
    /// What the model thinks goes on with this text from a place on, in UTF-16 units.
    case reasoning(at: Int, text: String)
    /// A line of diagnostics, and how many came before it.
    case notice(Int, text: String)
    /// A file of the answer, and how many came before it.
    case file(Int, PageFile)
    /// What is being waited for, until the next of the answer comes.
    case status(String)
    /// The turn failed.
    case error(ChatFailure)
    /// The turn ended: nothing follows.
    case done(PageEnd)
}

/// A file of an answer, for a page that may fetch it.
package struct PageFile: Sendable {
    package let name: String
    package let mediaType: String
    /// The number of bytes.
    package let size: Int

    init(_ file: Attachment) {
        (name, mediaType, size) = (file.name, file.mediaType, file.bytes.count)
    }

    var json: JSONValue {
        ["name": .string(name), "type": .string(mediaType), "size": .integer(size)]
    }
}

/// How a turn ended, for a page.
package struct PageEnd: Sendable {
    /// `finished`, `stopped`, `interrupted` or `failed`.
    package var state: String
    /// The model's reason, such as `stop` or `length`.
    package var reason: String?
    /// The tokens that the turn used, if they were counted.
    package var prompt: Int?
    package var completion: Int?
    package var milliseconds: Int?
    /// The number of blocks: the page drops any others.
    package var blocks: Int
}

extension PageEvent {
    /// The event as it is sent.
    var sent: ServerEvent {
        switch self {
        case .reset: ServerEvent([:], name: "reset")
        case .block(let index, let html):
            ServerEvent(["i": .integer(index), "html": .string(html)], name: "block")
        case .code(let index, let place, let text):
            ServerEvent(
                ["i": .integer(index), "at": .integer(place), "text": .string(text)],
                name: "code"
            )
        case .reasoning(let place, let text):
            ServerEvent(["at": .integer(place), "text": .string(text)], name: "reasoning")
        case .notice(let index, let text):
            ServerEvent(["i": .integer(index), "text": .string(text)], name: "notice")
        case .file(let index, let file):
            ServerEvent(["i": .integer(index), "file": file.json], name: "file")
        case .status(let text): ServerEvent(["text": .string(text)], name: "status")
        case .error(let failure): ServerEvent(JSONValue(failure), name: "error")
        case .done(let end): ServerEvent(end.json, name: "done")
        }
    }
}

extension [PageEvent] {
    /// The messages as they are sent; behind the last one a page knows the turn up to a place.
    func bytes(of turn: Int64, then place: EventPlace = .beginning) -> ByteBuffer {
        var sent = map(\.sent)
        if !sent.isEmpty { sent[sent.count - 1].id = place.id(of: turn) }
        return sent.bytes
    }
}

extension PageEnd {
    fileprivate var json: JSONValue {
        .members([
            "state": .string(state), "reason": reason.map { .string($0) },
            "ms": milliseconds.map { .integer($0) }, "blocks": .integer(blocks),
            "usage": .pageUsage(prompt, completion),
        ])
    }
}

extension JSONValue {
    /// The tokens of a turn, if they were counted.
    static func pageUsage(_ prompt: Int?, _ completion: Int?) -> JSONValue? {
        guard let prompt, let completion else { return nil }
        return ["prompt": .integer(prompt), "completion": .integer(completion)]
    }
}
