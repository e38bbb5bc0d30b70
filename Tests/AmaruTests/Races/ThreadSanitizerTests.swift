// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Whether the program was built with ThreadSanitizer.
let isThreadSanitized = dlsym(nil, "__tsan_init") != nil

/// The proof that a run under ThreadSanitizer would find what it is there to find.
@Suite(
    "Races are seen by ThreadSanitizer",
    .enabled(if: isThreadSanitized, "only under --sanitize=thread"),
    .timeLimit(.minutes(5))
)
struct ThreadSanitizerTests {
    private final class Counter: @unchecked Sendable {
        // Not safe, on purpose.
        var value = 0
    }

    @Test("A planted race ends the process with a report")
    func plantedRace() async throws {
        let result = await #expect(
            processExitsWith: .failure,
            observing: [\.standardErrorContent]
        ) {
            let counter = Counter()
            let group = DispatchGroup()
            for _ in 0..<2 {
                group.enter()
                Thread.detach {
                    for _ in 0..<10_000 { counter.value += 1 }
                    group.leave()
                }
            }
            await withCheckedContinuation { continuation in
                group.notify(queue: .global()) { continuation.resume() }
            }
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(text.contains("WARNING: ThreadSanitizer"), "\(text.prefix(500))")
    }
}
