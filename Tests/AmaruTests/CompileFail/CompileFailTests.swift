// SPDX-License-Identifier: Apache-2.0

import Testing

/// Serialised: each test compiles two programs at once, which is enough.
@Suite(
    "What could crash does not compile",
    .serialized,
    .enabled(if: Compiler.found != nil, "swiftc, pkg-config and the built modules are needed")
)
struct CompileFailTests {
    @Test("Using an object off the Python actor", arguments: Twins.uses)
    func use(_ twins: Twins) async throws { try await check(twins) }

    @Test("Every isolation but the actor's own", arguments: Twins.isolation)
    func isolation(_ twins: Twins) async throws { try await check(twins) }

    @Test("What crosses is Sendable", arguments: Twins.sendability)
    func sendability(_ twins: Twins) async throws { try await check(twins) }

    @Test("A result that does not convert is told what would", arguments: Twins.results)
    func result(_ twins: Twins) async throws { try await check(twins) }

    @Test("No conformance that would run Python code unseen", arguments: Twins.conformances)
    func conformance(_ twins: Twins) async throws { try await check(twins) }

    @Test(
        "A near miss is told what to write",
        arguments: Twins.spellings + Twins.slices + Twins.arguments
    )
    func spelling(_ twins: Twins) async throws { try await check(twins) }

    private func check(_ twins: Twins) async throws {
        #expect(twins.right != twins.wrong)
        let compiler = try #require(Compiler.found)
        async let right = compiler.compile(twins.right)
        async let wrong = compiler.compile(twins.wrong)
        let (compiled, refused) = try await (right, wrong)
        #expect(compiled.succeeded, "\(twins.right)\(compiled.diagnostics)")
        #expect(!refused.succeeded, "compiles, and must not: \(twins.wrong)")
        let errors = refused.diagnostics.split(separator: "\n").filter { $0.contains("error: ") }
        #expect(
            errors.contains { $0.contains(twins.diagnostic) },
            "expected \(twins.diagnostic) in: \(refused.diagnostics)"
        )
        #expect(refused.diagnostics.contains(twins.advice), "\(refused.diagnostics)")
    }
}
