// What a page that follows a turn is told.
// SPDX-License-Identifier: Apache-2.0

package import AmaruChat

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A message to a page that follows a turn.
///
/// Each says how things are from some place on, so that one that comes twice changes nothing.
package enum PageEvent: Sendable, Equatable {
    /// Forget all blocks, thoughts and notices: they follow as a whole.
    case reset
    /// A block's HTML is this; empty if it turned out not to be a block.
    case block(Int, html: String)
    /// A block of code goes on with this text from a place on, in UTF-16 units.
    case code(Int, at: Int, text: String)
    /// What the model thinks goes on with this text from a place on, in UTF-16 units.
    case reasoning(at: Int, text: String)
    /// A line of diagnostics, and how many came before it.
    case notice(Int, text: String)
    /// What is being waited for, until the next of the answer comes.
    case status(String)
    /// The turn failed.
    case error(ChatFailure)
    /// The turn ended: nothing follows.
    case done(PageEnd)
}

/// How a turn ended, for a page.
package struct PageEnd: Sendable, Equatable {
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
    /// The name of the event and its data, one line of JSON.
    package var sse: (name: String, data: String) {
        var fields = Fields()
        let name: String
        switch self {
        case .reset:
            name = "reset"
        case .block(let index, let html):
            (name, fields.i, fields.html) = ("block", index, html)
        case .code(let index, let place, let text):
            (name, fields.i, fields.at, fields.text) = ("code", index, place, text)
        case .reasoning(let place, let text):
            (name, fields.at, fields.text) = ("reasoning", place, text)
        case .notice(let index, let text):
            (name, fields.i, fields.text) = ("notice", index, text)
        case .status(let text):
            (name, fields.text) = ("status", text)
        case .error(let failure):
            (name, fields.code) = ("error", failure.code)
            (fields.message, fields.remedy) = (failure.message, failure.remedy)
        case .done(let end):
            (name, fields.state, fields.reason) = ("done", end.state, end.reason)
            (fields.ms, fields.blocks) = (end.milliseconds, end.blocks)
            if let prompt = end.prompt, let completion = end.completion {
                fields.usage = Fields.Usage(prompt: prompt, completion: completion)
            }
        }
        return (name, fields.json)
    }

    private struct Fields: Encodable {
        struct Usage: Encodable {
            var prompt: Int
            var completion: Int
        }

        var i, at, ms, blocks: Int?
        var html, text, code, message, remedy, state, reason: String?
        var usage: Usage?

        var json: String {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            guard let bytes = try? encoder.encode(self) else { return "{}" }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
