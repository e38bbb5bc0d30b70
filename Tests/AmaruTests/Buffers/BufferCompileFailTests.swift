// SPDX-License-Identifier: Apache-2.0

import Testing

/// Lent memory cannot leave the closure that it is lent to.
@Suite(
    "Lent memory that would escape does not compile",
    .serialized,
    .enabled(if: Compiler.found != nil, "swiftc, pkg-config and the built modules are needed")
)
struct BufferCompileFailTests {
    /// A body on the Python actor with `object` at hand.
    private static func lending(_ name: String, _ body: String, _ diagnostic: String) -> Twins {
        Twins(
            name,
            "@PythonActor func use(_ object: PythonObject) throws {\n\(body)\n}",
            refused: diagnostic
        )
    }

    static let escapes = [
        lending(
            "returning a span",
            "_ = try object.withBuffer(of: Int.self) { span -> {{Int||Span<Int>}} in "
                + "span{{[0]||}} }",
            "Escapable"
        ),
        lending(
            "keeping a span in a variable",
            "var kept: {{Int||Span<Int>}}? = nil\n"
                + "try object.withBuffer(of: Int.self) { kept = $0{{[0]||}} }\n_ = kept",
            "lifetime-dependent variable 'kept' escapes its scope"
        ),
        lending(
            "capturing a span in a closure that stays",
            "var later: [() -> Int] = []\n"
                + "try object.withBuffer(of: Int.self) { span in {{let first = span[0]||}}\n"
                + "later.append { {{first||span[0]}} } }\n_ = later",
            "escap"
        ),
        lending(
            "exchanging the memory of two spans",
            "try object.withMutableBuffer(of: Int.self) { (one: inout MutableSpan<Int>) in\n"
                + "try object.withMutableBuffer(of: Int.self) { (two: inout MutableSpan<Int>) in\n"
                + "{{two[0] = 1||let other = two; two = one; one = other}}\n} }",
            "lifetime-dependent"
        ),
        lending(
            "writing to read-only memory",
            "try object.{{withMutableBuffer||withBuffer}}(of: Int.self) { span in span[0] = 1 }",
            "subscript is get-only"
        ),
        lending(
            "keeping a view",
            "try object.withBufferView(of: Int.self) { view in let other = view{{[0]||}}\n"
                + "_ = other }",
            "'view' is borrowed and cannot be consumed"
        ),
        lending(
            "capturing a view in a closure that stays",
            "var later: [() -> Int] = []\n"
                + "try object.withBufferView(of: Int.self) { (view: borrowing PythonBufferView<Int>) in\n"
                + "{{let first = view[0]||}}\nlater.append { {{first||view[0]}} } }\n_ = later",
            "cannot be captured by an escaping closure"
        ),
        lending(
            "elements of a type that no buffer has",
            "_ = try object.withBuffer(of: {{Double||String}}.self) { $0.count }",
            "PythonBufferElement"
        ),
        lending(
            "waiting while memory is lent",
            "try object.withBuffer(of: Int.self) { _ in {{||await Task.yield()}} }",
            "async"
        ),
        Twins(
            "lending memory off the Python actor",
            "{{@PythonActor||}} func use(_ object: PythonObject) throws {\n"
                + "_ = try object.withBuffer(of: Int.self) { $0.count }\n}",
            refused: "'PythonActor'-isolated"
        ),
        Twins(
            "sharing memory whose release is not Sendable",
            """
            func use(_ memory: UnsafeMutablePointer<Int>) throws {
                let plain = Plain()
                _ = try PythonBuffer(unsafe: memory, shape: [1]) { _ in {{||plain.count += 1}} }
                _ = plain
            }
            """,
            refused: "non-Sendable type 'Plain'"
        ),
    ]

    @Test("Memory stays where it is lent", arguments: escapes)
    func escape(_ twins: Twins) async throws {
        #expect(twins.right != twins.wrong)
        let compiler = try #require(Compiler.found)
        async let right = compiler.compile(twins.right)
        async let wrong = compiler.compile(twins.wrong)
        let (compiled, refused) = try await (right, wrong)
        #expect(compiled.succeeded, "\(twins.right)\(compiled.diagnostics)")
        #expect(!refused.succeeded, "compiles, and must not: \(twins.wrong)")
        #expect(
            refused.diagnostics.contains(twins.diagnostic),
            "expected \(twins.diagnostic) in: \(refused.diagnostics)"
        )
    }
}
