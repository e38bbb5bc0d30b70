// What a page shows of a turn, from its events.
// SPDX-License-Identifier: Apache-2.0

import Testing

/// Takes events as the page's script does.
struct FollowedPage: Sendable, Equatable {
    var blocks: [String] = []
    var reasoning = ""
    var notices: [String] = []
    /// The names of the answer's files.
    var files: [String] = []
    var end: String?
    var milliseconds: Int?
    var lastID: String?
    /// How often events came that say what is shown already.
    var repeats = 0
    /// Events that leave something out.
    var gaps = 0

    private struct Block: Decodable { let i: Int, html: String }
    private struct Text: Decodable {
        let i: Int?
        let at: Int?
        let text: String
    }
    private struct File: Decodable {
        struct Name: Decodable { let name: String }

        let i: Int
        let file: Name
    }
    private struct End: Decodable {
        let state: String
        let blocks: Int
        let ms: Int?
    }

    /// Takes an event; returns whether more may come.
    mutating func take(_ event: Event) throws -> Bool {
        lastID = event.id ?? lastID
        switch event.name {
        case "reset": (blocks, reasoning, notices, files) = ([], "", [], [])
        case "block":
            let block: Block = try event.decoded()
            if block.i > blocks.count { gaps += 1 }
            while blocks.count <= block.i { blocks.append("") }
            blocks[block.i] = block.html
        case "reasoning":
            let more: Text = try event.decoded()
            let place = more.at ?? 0
            if place > reasoning.utf16.count { gaps += 1 }
            if place < reasoning.utf16.count { repeats += 1 }
            reasoning = String(decoding: reasoning.utf16.prefix(place), as: UTF16.self) + more.text
        case "notice":
            let line: Text = try event.decoded()
            let index = line.i ?? 0
            if index > notices.count { gaps += 1 }
            if index < notices.count { repeats += 1 } else { notices.append(line.text) }
        case "file":
            let file: File = try event.decoded()
            if file.i > files.count { gaps += 1 }
            if file.i < files.count { repeats += 1 } else { files.append(file.file.name) }
        case "done":
            let end: End = try event.decoded()
            (self.end, milliseconds) = (end.state, end.ms)
            if blocks.count != end.blocks { gaps += 1 }
        default: break
        }
        return end == nil
    }

    /// The text of all blocks, without their tags.
    var text: String {
        let text = blocks.joined(separator: "\n").replacing(#/<[^>]*>/#, with: "")
        let names = ["&#39;": "'", "&quot;": "\"", "&lt;": "<", "&gt;": ">", "&amp;": "&"]
        return names.reduce(text) { $0.replacing($1.key, with: $1.value) }
    }
}
