// The examples of a specification, where one is at hand.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Testing

@testable import AmaruMarkdown

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A `spec.txt` of CommonMark or of GFM, of which nothing is kept here.
private let specification: [String] = {
    let path = ProcessInfo.processInfo.environment["AMARU_MARKDOWN_SPECIFICATION"] ?? ""
    guard let data = FileManager.default.contents(atPath: path) else { return [] }
    let text = String(decoding: data, as: UTF8.self)
    let fence = String(repeating: "`", count: 32)
    return text.components(separatedBy: "\n\(fence) example").dropFirst().compactMap { example in
        let body = example.drop { $0 != "\n" }.dropFirst()
        return body.firstRange(of: "\n.\n").map { end in
            body[..<end.lowerBound].replacing("→", with: "\t") + "\n"
        }
    }
}()

@Suite(
    .enabled(
        if: !specification.isEmpty,
        "AMARU_MARKDOWN_SPECIFICATION names no spec.txt of CommonMark or GFM"
    ),
    .timeLimit(.minutes(10))
)
struct SpecificationTests {
    @Test func `An example in pieces comes to the screen of the whole`() {
        for (number, text) in specification.enumerated() {
            var random = RandomMarkdown(random: SeededGenerator(seed: UInt64(number)))
            let whole = lines(of: parts(of: [text]), columns: 40)
            for pieces in [text.map { String($0) }, random.cut(text)] {
                #expect(lines(of: parts(of: pieces), columns: 40) == whole, "\(text)")
                #expect(shown(pieces).copied == shown([text]).copied, "\(text)")
            }
        }
        #expect(specification.count > 600)
    }

    @Test func `An example without definitions comes to the blocks of the whole`() {
        for text in specification where !text.contains("]:") {
            let whole = MarkdownDocument(text).blocks.map(withoutSpacing)
            #expect(joined(parts(of: text.map { String($0) })) == whole, "\(text)")
        }
    }

    /// A text after others, so that it is not the first.
    @Test func `Examples behind each other come to the blocks of the whole`() {
        let texts = specification.filter { !$0.contains("]:") }
        for (one, other) in zip(texts, texts.dropFirst()) {
            let text = one + "\n" + other
            let whole = MarkdownDocument(text).blocks.map(withoutSpacing)
            #expect(joined(parts(of: text.map { String($0) })) == whole, "\(text)")
        }
    }

    private func shown(_ pieces: [String]) -> TerminalScreen {
        var view = MarkdownView(measure: measure, colors: .all)
        var screen = TerminalScreen(columns: 30, rows: 8, width: cells)
        for piece in pieces {
            view.append(piece)
            screen.feed(view.frame(columns: 30, rows: 8).text)
        }
        view.finish()
        screen.feed(view.frame(columns: 30, rows: 8).text)
        return screen
    }
}
