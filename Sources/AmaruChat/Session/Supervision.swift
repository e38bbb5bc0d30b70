// Whether a script that broke is started again.
// SPDX-License-Identifier: Apache-2.0

/// Counts the deaths of a script's receiver, pure of clocks and threads.
struct Supervision {
    enum Verdict: Equatable {
        case startAgain
        case giveUp
    }

    private var deathsWithoutMessage = 0

    /// A message was given to the script, so that it has had its chance.
    mutating func delivered() {
        deathsWithoutMessage = 0
    }

    /// A task of the script has ended with a fault that nobody awaits.
    mutating func died() -> Verdict {
        deathsWithoutMessage += 1
        return deathsWithoutMessage < 2 ? .startAgain : .giveUp
    }
}
