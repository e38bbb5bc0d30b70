// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("The catalogue of the documentation")
struct CatalogueTests {
    @Test("The landing page leads to every article")
    func reachable() {
        let pages = Dictionary(
            uniqueKeysWithValues: DocumentationPage.articles.map { page in
                (String(page.name.dropLast(".md".count)), page.linkedArticles)
            }
        )
        #expect(pages.count > 10)
        var reached: Set = ["Amaru"]
        var next = reached
        while !next.isEmpty {
            next = Set(next.flatMap { pages[$0] ?? [] }).subtracting(reached)
            reached.formUnion(next)
        }
        #expect(reached == Set(pages.keys))
    }

    @Test("A page is read in one sitting", arguments: DocumentationPage.articles)
    func length(_ page: DocumentationPage) {
        // Without the topics of the landing page, which nobody reads from end to end.
        #expect(page.lines.prefix { $0 != "## Topics" }.count <= 151)
        #expect(page.lines.first?.hasPrefix("# ") == true)
    }

    @Test(
        "DocC finds whatever the pages and the doc comments link to",
        .enabled(if: Compiler.found != nil && DocumentationCompiler.isFound, "docc is needed")
    )
    func links() async throws {
        let complaints = try await DocumentationCompiler.complaints(
            about: DocumentationPage.catalogue
        )
        #expect(complaints.isEmpty, "\(complaints)")
    }

    @Test(
        "The landing page lists every public type but those for the compiler, which have a page",
        .enabled(if: Compiler.found != nil && DocumentationCompiler.isFound, "docc is needed")
    )
    func types() async throws {
        let types = try await DocumentationCompiler.publicTypes()
        let landing = try listed(on: "Amaru.md", of: types)
        let forTheCompiler = try listed(on: "TypesForTheCompiler.md", of: types)
        #expect(landing.contains("PythonObject") && forTheCompiler.contains("PythonMember"))
        let missing = types.subtracting(landing).subtracting(forTheCompiler)
        #expect(missing.isEmpty, "\(missing.sorted())")
        let twice = landing.intersection(forTheCompiler)
        #expect(twice.isEmpty, "\(twice.sorted())")
    }

    private func listed(on name: String, of types: Set<String>) throws -> Set<String> {
        let page = try #require(DocumentationPage.articles.first { $0.name == name })
        return types.filter { page.lines.contains("- ``\($0)``") }
    }

    @Test(
        "A link that leads nowhere is found",
        .enabled(if: Compiler.found != nil && DocumentationCompiler.isFound, "docc is needed"),
        arguments: ["``PythonObject/vanished()``", "``Vanished``", "<doc:Vanished>"]
    )
    func planted(_ link: String) async throws {
        let folder = try TemporaryFolder()
        try folder.write("# ``Amaru``\n\nSee \(link).\n", to: "Planted.docc/Amaru.md")
        let complaints = try await DocumentationCompiler.complaints(
            about: URL(fileURLWithPath: folder.path).appending(path: "Planted.docc")
        )
        #expect(complaints.contains("anished"))
        withExtendedLifetime(folder) {}
    }
}
