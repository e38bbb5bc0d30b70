// What a terminal is told to copy.
// SPDX-License-Identifier: Apache-2.0

import AmaruMarkdown

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The clipboard of the user's terminal, also behind SSH: by OSC 52, to which nothing answers.
///
/// https://invisible-island.net/xterm/ctlseqs/ctlseqs.html#h3-Operating-System-Commands
enum Clipboard {
    /// The most bytes of a text: many terminals drop sequences of more than 100 000.
    static let bound = 74_994

    /// What has a terminal copy a text; nil if that is too long.
    static func sequence(for text: String) -> String? {
        guard text.utf8.count <= bound else { return nil }
        return "\u{1B}]52;c;\(Data(text.utf8).base64EncodedString())\u{7}"
    }

    /// The last code block of a text in Markdown, without its fence.
    static func lastCode(in markdown: String) -> String? {
        var reader = MarkdownReader()
        var last: String?
        var parts = reader.append(markdown)
        parts += reader.finish()
        for part in parts {
            if part.continues, case .code(_, let more) = part.block {
                last = (last ?? "") + more
            } else if let code = lastCode(in: [part.block]) {
                last = code
            }
        }
        return last
    }

    private static func lastCode(in blocks: [MarkdownBlock]) -> String? {
        var last: String?
        for block in blocks {
            switch block {
            case .code(_, let text): last = text
            case .quote(let blocks): last = lastCode(in: blocks) ?? last
            case .list(let list):
                for item in list.items { last = lastCode(in: item.blocks) ?? last }
            default: break
            }
        }
        return last
    }
}
