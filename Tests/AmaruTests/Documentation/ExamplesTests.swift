// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite(
    "The examples of the documentation compile",
    .serialized,
    .enabled(if: Compiler.found != nil, "swiftc, pkg-config and the built modules are needed")
)
struct ExamplesTests {
    /// All blocks of all pages, compiled once for all tests.
    private static let outcome = Task {
        try await Compiler.found?.compile(
            Example.program(DocumentationPage.all.flatMap(\.examples))
        )
    }

    /// All blocks of all doc comments of the library, as well.
    private static let outcomeOfComments = Task {
        try await Compiler.found?.compile(
            Example.program(
                DocumentationPage.comments.flatMap(\.examples).flatMap(\.parts),
                prelude: Example.preludeOfComments
            )
        )
    }

    @Test("Every block of a page", arguments: DocumentationPage.all)
    func examples(_ page: DocumentationPage) async throws {
        let outcome = try #require(try await Self.outcome.value)
        let complaints = Example.complaints(about: page.name, in: outcome.diagnostics)
        #expect(complaints.isEmpty, "\(complaints.joined(separator: "\n"))")
    }

    @Test("All pages together")
    func together() async throws {
        let outcome = try #require(try await Self.outcome.value)
        #expect(outcome.succeeded, "\(outcome.diagnostics)")
        #expect(DocumentationPage.all.flatMap(\.examples).count > 60)
    }

    @Test("Every block in the doc comments of a file", arguments: DocumentationPage.comments)
    func comments(_ page: DocumentationPage) async throws {
        let outcome = try #require(try await Self.outcomeOfComments.value)
        let complaints = Example.complaints(about: page.name, in: outcome.diagnostics)
        #expect(complaints.isEmpty, "\(complaints.joined(separator: "\n"))")
    }

    @Test("All doc comments together")
    func commentsTogether() async throws {
        let outcome = try #require(try await Self.outcomeOfComments.value)
        #expect(outcome.succeeded, "\(outcome.diagnostics)")
        #expect(DocumentationPage.comments.flatMap(\.examples).count > 60)
    }

    /// What each kind of block must not do, on the line that is marked.
    private static let broken = [
        "import Amaru\nlet value = 1\nlet text: String = value  // here",
        "struct Wrong {\n    let count: Int = \"\"  // here\n}",
        "let list = try Python.eval(\"[]\")\ntry list.append(\"a\" as Int)  // here",
        "let other = object\n_ = try Python.len(object) + (await Task.yield(), 1)  // here",
        "// Off the actor:\nawait Task.yield()\n_ = try Python.len(object)  // here",
        "let list = try Python.eval(\"[1]\")\nPython.isRunning  // here",
    ]

    @Test("One that does not compile is named by its page and line", arguments: broken)
    func planted(_ block: String) async throws {
        let page = DocumentationPage(
            "Planted.md",
            "# Planted\n\n```swift\nlet fine = 1\n```\n\nText\n\n```swift\n\(block)\n```\n"
        )
        let lines = page.lines
        let line = try #require(lines.firstIndex { $0.hasSuffix("// here") }) + 1
        let compiler = try #require(Compiler.found)
        let outcome = try await compiler.compile(Example.program(page.examples))
        let complaints = Example.complaints(about: page.name, in: outcome.diagnostics)
        #expect(
            !complaints.isEmpty && complaints.allSatisfy { $0.hasPrefix("Planted.md:\(line):") }
        )
    }
}
