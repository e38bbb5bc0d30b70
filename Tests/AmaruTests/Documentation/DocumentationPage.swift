// The pages of the documentation, and the Swift in them.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A page of Markdown: an article of the catalogue, or README.md.
struct DocumentationPage: Sendable, CustomStringConvertible, CustomTestStringConvertible {
    /// The name of the file.
    let name: String
    let lines: [String]

    var description: String { name }
    var testDescription: String { name }

    /// The folder of the whole project.
    static let project = URL(fileURLWithPath: #filePath)
        .appending(path: "../../../..").standardized
    /// The DocC catalogue.
    static let catalogue = project.appending(path: "Sources/Amaru/Amaru.docc")

    /// The articles, landing page included; none where they are not to be read.
    static let articles: [DocumentationPage] = {
        let files = try? FileManager.default.contentsOfDirectory(atPath: catalogue.path)
        return (files ?? []).filter { $0.hasSuffix(".md") }.sorted()
            .compactMap { try? DocumentationPage(catalogue.appending(path: $0)) }
    }()

    /// The articles, and the page that the repository shows first.
    static let all: [DocumentationPage] =
        articles + [try? DocumentationPage(project.appending(path: "README.md"))].compactMap(\.self)

    /// The doc comments of the library, a page for each file, in the lines where they stand.
    static let comments: [DocumentationPage] = {
        let folder = project.appending(path: "Sources/Amaru")
        let files = FileManager.default.enumerator(atPath: folder.path)?.compactMap {
            $0 as? String
        }
        return (files ?? []).filter { $0.hasSuffix(".swift") }.sorted().compactMap { path in
            guard let page = try? DocumentationPage(folder.appending(path: path)) else {
                return nil
            }
            let lines = page.lines.map { line in
                let text = line.drop { $0 == " " }
                return text.hasPrefix("///")
                    ? String(text.dropFirst(text.hasPrefix("/// ") ? 4 : 3)) : ""
            }
            return DocumentationPage(path, lines.joined(separator: "\n"))
        }.filter { !$0.examples.isEmpty }
    }()

    init(_ file: URL) throws {
        self.init(file.lastPathComponent, try String(contentsOf: file, encoding: .utf8))
    }

    init(_ name: String, _ text: String) {
        self.name = name
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The blocks of Swift, in their order.
    var examples: [Example] {
        var found: [Example] = []
        var open: Example?
        for (index, line) in lines.enumerated() {
            if line == "```swift" {
                open = Example(page: name, firstLine: index + 2, lines: [])
            } else if line.hasPrefix("```") {
                if let example = open { found.append(example) }
                open = nil
            } else {
                open?.lines.append(line)
            }
        }
        return found
    }

    /// The articles that this one links to.
    var linkedArticles: Set<String> {
        Set(lines.joined(separator: "\n").matches(of: /<doc:(\w+)>/).map { String($0.1) })
    }
}
