// A trait for tests: what a test makes in Python is gone after it.
// SPDX-License-Identifier: Apache-2.0

import Amaru
public import Testing

/// Finds Python objects and Swift awaitables that a test leaves behind.
///
/// The test is repeated in windows until one leaves nothing worth mentioning. CPython's caches fill
/// more and more slowly over a thousand repetitions, whereas code that loses an object loses a
/// block in every one.
///
/// The whole process is counted, so nothing else may use Python meanwhile. As a trait it is for
/// tests that run alone, with `--no-parallel`:
///
/// ```swift
/// @Test("Calls leave nothing behind", .leavesNothingInPython)
/// func calls() async throws { … }
/// ```
///
/// In a run of many, give the test a process of its own:
///
/// ```swift
/// await #expect(processExitsWith: .success) {
///     try await LeakTrait.expectNothingLeft { … }
/// }
/// ```
public struct LeakTrait: TestTrait, TestScoping {
    private static let repetitions = 100
    private static let windows = 15

    /// Runs the test as `expectNothingLeft` does.
    ///
    /// - Throws: What the test throws.
    public func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        try await Self.expectNothingLeft { try await function() }
    }

    /// Repeats `body` and records an issue where memory grows with each repetition.
    ///
    /// - Throws: What `body` throws.
    public static func expectNothingLeft(_ body: () async throws -> Void) async throws {
        var growths: [Int] = []
        var before = try await settledBlocks()
        while growths.count < windows, (growths.last ?? .max) >= repetitions / 2 {
            for _ in 0..<repetitions { try await body() }
            let after = try await settledBlocks()
            growths.append(after - before)
            before = after
        }
        #expect(
            (growths.last ?? 0) < repetitions / 2,
            "each \(repetitions) repetitions leave blocks of Python memory: \(growths)"
        )
        #expect(Python.pendingAwaitables == 0)
    }

    /// The blocks in use once queued releases are done and cycles are collected.
    ///
    /// Tasks that end on other threads drop their objects a little later, so the count is taken
    /// until it stays the same.
    private static func settledBlocks() async throws -> Int {
        var last = try await blocks()
        var repeats = 0
        for _ in 0..<100 where repeats < 3 {
            await Task.yield()
            let now = try await blocks()
            repeats = now == last ? repeats + 1 : 0
            last = now
        }
        return last
    }

    private static func blocks() async throws -> Int {
        try await PythonActor.run {
            _ = try Python.import("gc").collect() as PythonObject
            return try Python.import("sys").getallocatedblocks()
        }
    }
}

extension Trait where Self == LeakTrait {
    /// What the test makes in Python is gone after it.
    public static var leavesNothingInPython: LeakTrait {
        LeakTrait()
    }
}
