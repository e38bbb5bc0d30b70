// A trait for tests: what a test makes in Python is gone after it.
// SPDX-License-Identifier: Apache-2.0

import Amaru
public import Testing

/// Fails a test that leaves Python objects or Swift awaitables behind.
///
/// The test is repeated in several windows, and the one that grew least counts: CPython's caches
/// fill now and then, whereas a test that loses an object loses a block in every repetition.
/// Serialise suites that use it: other tests allocate too.
///
/// ```swift
/// @Test("Calls leave nothing behind", .leavesNothingInPython)
/// func calls() async throws { … }
/// ```
public struct LeakTrait: TestTrait, TestScoping {
    /// How often the test is repeated in a window.
    let repetitions: Int
    private static let windows = 10

    /// Runs the test and compares Python's allocated blocks before and after.
    public func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        var growth = Int.max
        var before = try await Self.settledBlocks()
        for _ in 0..<Self.windows {
            for _ in 0..<repetitions { try await function() }
            let after = try await Self.settledBlocks()
            growth = min(growth, after - before)
            before = after
        }
        #expect(
            growth < repetitions,
            "\(growth) blocks of Python memory are left after \(repetitions) repetitions"
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
        LeakTrait(repetitions: 30)
    }
}
