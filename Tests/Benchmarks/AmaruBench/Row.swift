// One row of the table: some work, its floor in C, and the bridge's way of doing it.
// SPDX-License-Identifier: Apache-2.0

import Amaru

/// Work repeated a number of times, on the Python thread.
typealias Loop = @PythonActor (Int) throws -> Void

struct Row: Sendable {
    /// What is measured on the bridge's side.
    enum Bridge: Sendable {
        case measured(spelling: String, Loop)
        /// Not measured, and why.
        case missing(String)
    }

    /// A word for `--only`.
    let name: String
    /// What is done.
    let work: String
    let limits: Limits
    let floor: Loop
    let bridge: Bridge
    /// Whether the work is done by a Python loop, which is measured empty too and subtracted.
    var isCalledByPython = false
    /// The elements that one repetition handles; figures are for one repetition, or for one
    /// element where `isPerElement`.
    var elements = 1
    var isPerElement = false

    /// Whether a repetition is a process of its own; what one costs that does nothing is subtracted.
    var isProcess = false

    /// The fewest repetitions in one window, where each window has a cost of its own.
    var fewestInWindow = 1

    var divisor: Double { isPerElement ? Double(elements) : 1 }

    /// Two numbers of repetitions, whose difference is what the instruction counter tells.
    var repetitions: (few: Int, many: Int) { elements > 1 ? (30, 130) : (3_000, 13_000) }
}

/// What a row may cost.
struct Limits: Sendable {
    enum Time: Sendable {
        /// At most so many times the floor's.
        case ratio(Double)
        /// At most so much, whatever the floor takes.
        case nanoseconds(Double)
        case none
    }

    let time: Time
    /// At most so many times the floor's; nil where the row has no such limit.
    let instructions: Double?

    static func ratio(_ time: Double, instructions: Double? = nil) -> Limits {
        Limits(time: .ratio(time), instructions: instructions)
    }

    static func nanoseconds(_ time: Double, instructions: Double? = nil) -> Limits {
        Limits(time: .nanoseconds(time), instructions: instructions)
    }

    /// How many times the floor's time the row may take; nil where that is not what is limited.
    var timeRatio: Double? {
        if case .ratio(let ratio) = time { ratio } else { nil }
    }

    /// For rows that are only told.
    static let none = Limits(time: .none, instructions: nil)
}
