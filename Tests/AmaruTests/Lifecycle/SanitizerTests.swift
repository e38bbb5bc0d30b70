// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

/// The proof that a run under AddressSanitizer would find what it is there to find.
@Suite(
    "AddressSanitizer sees Python objects",
    .enabled(
        if: isAddressSanitized && PythonConfiguration.ofThisRun.allocator == .malloc,
        "only under --sanitize=address with AMARU_TEST_ALLOCATOR=malloc"
    ),
    .timeLimit(.minutes(5))
)
struct SanitizerTests {
    @Test("A planted use of a released object ends the process with a report")
    func plantedFault() async throws {
        let result = await #expect(
            processExitsWith: .failure,
            observing: [\.standardErrorContent]
        ) {
            try await Python.start(.ofThisRun)
            try await runAlone(
                """
                import ctypes
                block = bytes(4000)
                address = id(block)
                del block
                ctypes.string_at(address, 8)
                """
            )
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(text.contains("AddressSanitizer: heap-use-after-free"), "\(text.prefix(500))")
    }
}
