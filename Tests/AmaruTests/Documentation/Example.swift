// One block of Swift in a page or a doc comment, and the program that the compiler sees.
// SPDX-License-Identifier: Apache-2.0

/// A block of Swift in a page, or in the doc comments of a file.
///
/// How a block is compiled follows from what a reader sees of it:
/// - One that begins with `import` is a program: its imports, and the rest as its main function.
/// - One that begins with a declaration stands at the top level of a file, and other blocks of the
///   catalogue may use what it declares. What follows behind a blank line is a block of its own.
/// - One that begins with a member of a class, or of a module, stands in the list of members.
/// - Any other is the body of a throwing function: of an `async` one without isolation where
///   `await` is in it, else of one on the Python actor. `object` is a Python object in both.
struct Example: Sendable {
    let page: String
    /// The line of the page that its first line is.
    let firstLine: Int
    var lines: [String]

    private static let declarations: Set<Substring> = [
        "@PythonActor", "@MainActor", "@PythonModuleBuilder", "final", "class", "struct", "enum",
        "protocol", "extension", "func", "actor",
    ]
    private static let classMembers: Set<Substring> = [
        "PythonInitializer", "PythonMethod", "PythonStaticMethod", "PythonClassMethod",
        "PythonProperty", "PythonClassConstant", "PythonOperator", "PythonItems", "PythonMapping",
        "PythonMembership", "PythonIteration", "PythonAsyncIteration", "PythonContext",
        "PythonMemory", "PythonPickling",
    ]
    private static let moduleMembers: Set<Substring> = ["PythonFunction", "PythonConstant"]

    /// Where the block stands in the program: what comes before it and behind it.
    private var context: (head: String, tail: String) {
        let name = lines.first?.prefix { $0.isLetter } ?? ""
        if isProgram { return ("@MainActor func \(function)() async throws {", "}") }
        if isDeclaration { return ("", "") }
        if Self.classMembers.contains(name) {
            return ("extension ClassExample { static func \(function)() { describe {", "} } }")
        }
        if Self.moduleMembers.contains(name) {
            return ("func \(function)() { _ = PythonModule(\"example\") {", "} }")
        }
        if suspends { return ("func \(function)(_ object: PythonObject) async throws {", "}") }
        return ("@PythonActor func \(function)(_ object: PythonObject) throws {", "}")
    }

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
        let (head, tail) = context
        return """
            \(imports.joined(separator: "\n"))
            \(head)
            #sourceLocation(file: "\(page)", line: \(firstLine + imports.count))
            \(body.joined(separator: "\n"))
            #sourceLocation()
            \(tail)

            """
    }

    /// The block; a declaration and what follows it are two.
    var parts: [Example] {
        guard isDeclaration,
            let end = lines.indices.dropFirst().first(where: { index in
                lines[index].isEmpty && lines[index - 1].hasSuffix("}")
                    && !lines[index - 1].hasPrefix(" ")
            })
        else { return [self] }
        let declaration = Example(page: page, firstLine: firstLine, lines: Array(lines[..<end]))
        let rest = Example(
            page: page,
            firstLine: firstLine + end + 1,
            lines: Array(lines[(end + 1)...])
        )
        return [declaration] + rest.parts
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
    static func program(_ examples: [Example], prelude more: String = "") -> String {
        prelude + more + examples.map(\.source).joined()
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
