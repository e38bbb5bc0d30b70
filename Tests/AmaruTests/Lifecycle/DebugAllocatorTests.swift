// The proof that a run with the debug hooks of Python's allocator finds what it is there to find.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

@Suite(
    "The debug allocator sees overruns",
    .enabled(
        if: PythonConfiguration.ofThisRun.allocator == .debug,
        "only with AMARU_TEST_ALLOCATOR=debug"
    ),
    .timeLimit(.minutes(5))
)
struct DebugAllocatorTests {
    @Test("A planted write behind a block ends the process with a report when it is released")
    func plantedFault() async throws {
        let result = await #expect(
            processExitsWith: .failure,
            observing: [\.standardErrorContent]
        ) {
            try await Python.start(.ofThisRun)
            try await runAlone(
                """
                import ctypes
                block = bytearray(100)
                start = ctypes.addressof((ctypes.c_char * 1).from_buffer(block))
                ctypes.memset(start + 101, 65, 8)
                del block
                """
            )
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(text.contains("bad trailing pad byte"), "\(text.prefix(500))")
    }
}
