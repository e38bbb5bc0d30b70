// Whether a script that broke is started again, decided without a script.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruChat

@Suite struct SupervisionTests {
    /// What happens to a script: it gets a message, or its receiver dies.
    enum Event: Sendable {
        case message
        case death
    }

    @Test(
        "The last death decides as the messages before it say",
        arguments: [
            ([.death], .startAgain),
            ([.death, .death], .giveUp),
            ([.message, .death], .startAgain),
            ([.message, .death, .death], .giveUp),
            ([.death, .message, .death], .startAgain),
            ([.message, .death, .message, .death, .message, .death], .startAgain),
            ([.death, .message, .death, .death], .giveUp),
            ([.message, .message, .death, .death, .death], .giveUp),
        ] as [([Event], Supervision.Verdict)]
    )
    func verdicts(events: [Event], expected: Supervision.Verdict) {
        var supervision = Supervision()
        var verdict: Supervision.Verdict?
        for event in events {
            switch event {
            case .message: supervision.delivered()
            case .death: verdict = supervision.died()
            }
        }
        #expect(verdict == expected)
    }
}
