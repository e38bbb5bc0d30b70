// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

@Suite("A brief wait")
struct BriefWaitTests {
    @Test("What is there already is found at the first look")
    func atOnce() {
        var looks = 0
        let isDone = BriefWait.wait {
            looks += 1
            return true
        }
        #expect(isDone)
        #expect(looks == 1)
    }

    @Test("What never comes ends the wait, after a last look")
    func never() {
        var looks = 0
        let isDone = BriefWait.wait {
            looks += 1
            return false
        }
        #expect(!isDone)
        #expect(looks >= 1)
    }

    @Test(
        "What comes meanwhile is found",
        .enabled(
            if: ProcessInfo.processInfo.activeProcessorCount > 1,
            "with one processor it looks once"
        )
    )
    func meanwhile() {
        // Far fewer than fit between two looks at the clock.
        var looks = 0
        let isDone = BriefWait.wait {
            looks += 1
            return looks == 10
        }
        #expect(isDone)
        #expect(looks == 10)
    }
}
