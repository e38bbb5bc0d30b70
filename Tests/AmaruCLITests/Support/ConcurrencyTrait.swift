// How many tests of a suite run at once.
// SPDX-License-Identifier: Apache-2.0

import Testing

/// Lets only so many tests of a suite run at once.
///
/// They wait for processes and servers most of the time.
struct ConcurrencyTrait: SuiteTrait, TestTrait, TestScoping {
    private let places: Places

    init(places count: Int) { places = Places(count) }

    /// Whether the suites within the suite share its places.
    var isRecursive: Bool { true }

    @concurrent func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        // A suite as a whole takes none: its tests would wait for it.
        guard testCase != nil else { return try await function() }
        await places.take()
        do {
            try await function()
        } catch {
            await places.giveBack()
            throw error
        }
        await places.giveBack()
    }

    private actor Places {
        private var free: Int
        private var waiting: [CheckedContinuation<Void, Never>] = []

        init(_ count: Int) { free = count }

        func take() async {
            guard free == 0 else { return free -= 1 }
            await withCheckedContinuation { waiting.append($0) }
        }

        func giveBack() {
            guard waiting.isEmpty else { return waiting.removeFirst().resume() }
            free += 1
        }
    }
}

extension Trait where Self == ConcurrencyTrait {
    /// Lets only so many tests of the suite run at once.
    static func atMost(_ count: Int) -> Self { ConcurrencyTrait(places: count) }
}
