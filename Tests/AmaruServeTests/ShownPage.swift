// What a page shows after the messages that it got.
// SPDX-License-Identifier: Apache-2.0

import AmaruMarkdown

@testable import AmaruServe

/// A page that does what the script of the real one does, with strings for its elements.
struct ShownPage: Equatable {
    private(set) var blocks: [String] = []
    private(set) var reasoning = ""
    private(set) var notices: [String] = []
    private(set) var files: [PageFile] = []
    private(set) var end: PageEnd?

    mutating func show(_ event: PageEvent) {
        switch event {
        case .reset: self = ShownPage()
        case .block(let index, let html):
            while blocks.count <= index { blocks.append("") }
            blocks[index] = html
        case .code(let index, let place, let text):
            guard
                let code = blocks[index].wholeMatch(
                    of: /(.*<code[^>]*>)(.*)(<\/code>.*)/.dotMatchesNewlines()
                )
            else { return blocks[index] = "no code" }
            let units = Array(Self.unescaped(String(code.2)).utf16)
            guard place <= units.count else { return blocks[index] = "a gap" }
            let kept = String(decoding: units[..<place], as: UTF16.self)
            blocks[index] = code.1 + (kept + text).htmlEscaped + code.3
        case .reasoning(let place, let text):
            reasoning = String(decoding: Array(reasoning.utf16)[..<place], as: UTF16.self) + text
        case .notice(let index, let text):
            notices = Array(notices[..<index]) + [text]
        case .file(let index, let file):
            files = Array(files[..<index]) + [file]
        case .done(let end):
            blocks = Array(blocks.prefix(end.blocks))
            self.end = end
        case .status, .error: break
        }
    }

    private static func unescaped(_ html: String) -> String {
        html.replacing("&lt;", with: "<").replacing("&gt;", with: ">")
            .replacing("&quot;", with: "\"").replacing("&#39;", with: "'")
            .replacing("&amp;", with: "&")
    }
}
