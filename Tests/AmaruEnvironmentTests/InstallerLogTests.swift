// What is found in pip's log.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruEnvironment

@Suite struct InstallerLogTests {
    @Test func `Of an output that is longer than what is read the end is shown`() throws {
        let folder = try TemporaryFolder()
        let line = "2026-01-01T00:00:00,000   " + String(repeating: "x", count: 90) + "\n"
        let log = try folder.write(
            "2026-01-01T00:00:00,000   Running command Building wheel\n"
                + String(repeating: line, count: 20_000)
                + "2026-01-01T00:00:00,000   fatal error: zlib.h\n"
                + "2026-01-01T00:00:00,000   ERROR: Building wheel exited with 1\n",
            to: "pip.log"
        )
        let output = InstallerLog(at: log.path).failedProgram
        #expect(output.first == "…")
        #expect(
            output.suffix(2).map(\.trimmed) == [
                "fatal error: zlib.h", "Building wheel exited with 1",
            ]
        )
    }
}
