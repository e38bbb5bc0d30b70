// What is shown of an answer while nothing of it comes.
// SPDX-License-Identifier: Apache-2.0

/// An answer that is waited for, and the row that says so.
struct AwaitedAnswer {
    /// The time without an event after which the row appears.
    static let patience = Duration.milliseconds(300)
    /// The time between two of its pictures.
    static let interval = Duration.milliseconds(125)

    /// When something of it came last, or was asked for.
    var begin = ContinuousClock.now
    /// Whether the program is still starting.
    let isStarting: @Sendable () -> Bool
    /// What is said of a wait that has become long.
    var stall: String?
    /// Paints the row again and again, while it is shown or about to be.
    var painter: Task<Void, Never>?

    private static let frames = Array("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")

    /// The row at a moment, for a terminal of so many columns.
    func row(at time: ContinuousClock.Instant = .now, columns: Int) -> String {
        let elapsed = max(.zero, begin.duration(to: time))
        let picture = Int(elapsed / Self.interval) % Self.frames.count
        let seconds = elapsed.components.seconds
        var text = "\(Self.frames[picture]) \(seconds) s"
        if let stall {
            text += ": \(ShownText.line(stall))"
        } else if isStarting() {
            text += " (starting)"
        }
        // The cursor stands after it.
        return CellWidth.cut(text, to: max(1, columns - 1))
    }
}
