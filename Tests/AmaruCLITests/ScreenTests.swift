// What the screen makes of events, without a terminal.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruCLI

@Suite struct ScreenTests {
    @Test(arguments: [
        (0, "0"), (1, "0.1"), (400, "0.4"), (401, "0.5"), (1000, "1"), (2500, "2.5"),
        (9900, "9.9"), (9950, "10"), (10_100, "11"), (60_000, "60"),
    ])
    func `A delay below ten seconds is told in tenths`(_ milliseconds: Int, _ text: String) {
        #expect(Screen.seconds(.milliseconds(milliseconds)) == text)
    }
}
