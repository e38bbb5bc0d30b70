// One block of Swift in a page, and the program that the compiler sees.
// SPDX-License-Identifier: Apache-2.0

/// A block of Swift in a page.
///
/// How a block is compiled follows from what a reader sees of it:
/// - One that begins with `import` is a program: its imports, and the rest as its main function.
/// - One that begins with a declaration stands at the top level of a file, and other blocks of the
///   catalogue may use what it declares.
/// - Any other is the body of a throwing function: of an `async` one without isolation where
///   `await` is in it, else of one on the Python actor. `object` is a Python object in both.
struct Example: Sendable {
    let page: String
    /// The line of the page that its first line is.
    let firstLine: Int
    var lines: [String]

    private static let declarations: Set<Substring> = [
        "@PythonActor", "@MainActor", "final", "class", "struct", "enum", "protocol", "extension",
        "func", "actor",
    ]

    private var isProgram: Bool { lines.first?.hasPrefix("import ") == true }
    private var isDeclaration: Bool {
        Self.declarations.contains(lines.first?.prefix { $0 != " " } ?? "")
    }
    private var suspends: Bool { lines.contains { $0.contains("await ") } }

    /// The name of its function, which no other block has.
    private var function: String {
        page.filter { $0.isLetter || $0.isNumber } + "Line\(firstLine)"
    }

    /// The block as the compiler gets it; what it says of it names the page and the line.
    var source: String {
        let imports = isProgram ? lines.prefix { $0.hasPrefix("import ") } : []
        let body = lines.dropFirst(imports.count)
        let head =
            switch (isProgram, isDeclaration, suspends) {
            case (true, _, _): "@MainActor func \(function)() async throws {"
            case (_, true, _): ""
            case (_, _, true): "func \(function)(_ object: PythonObject) async throws {"
            case (_, _, false): "@PythonActor func \(function)(_ object: PythonObject) throws {"
            }
        return """
            \(imports.joined(separator: "\n"))
            \(head)
            #sourceLocation(file: "\(page)", line: \(firstLine + imports.count))
            \(body.joined(separator: "\n"))
            #sourceLocation()
            \(head.isEmpty ? "" : "}")

            """
    }

    /// What the examples use and no page declares.
    private static let prelude = """
        import Amaru
        import Foundation
        import Synchronization

        func download(_ url: String) async throws -> Data { Data(url.utf8) }
        func ticks(_ count: Int) -> AsyncStream<Int> { AsyncStream { $0.finish() } }

        """

    /// A program of all these blocks.
    static func program(_ examples: [Example]) -> String {
        prelude + examples.map(\.source).joined()
    }

    /// The diagnostics about one page; values that an example does not go on to use are none.
    static func complaints(about page: String, in diagnostics: String) -> [String] {
        diagnostics.split(separator: "\n").map(String.init).filter { line in
            line.hasPrefix("\(page):")
                && (line.contains(": error: ") || line.contains(": warning: "))
                && !line.contains("was never used") && !line.contains("was never mutated")
                && !line.contains("but never used")
        }
    }
}
