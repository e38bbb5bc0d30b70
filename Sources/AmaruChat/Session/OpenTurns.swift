// The turns of a session that have not ended.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment

/// How many messages a session takes before the first of them is answered.
///
/// More than one may be open only if each brings its own history: a script has but one memory.
public struct TurnLimits: Sendable, Equatable {
    /// How many the script is given at once.
    public var open: Int
    /// How many more wait until one of those has ended.
    public var waiting: Int

    /// Creates limits; by default one message is open at a time, and another one is refused.
    public init(open: Int = 1, waiting: Int = 0) {
        self.open = max(1, open)
        self.waiting = max(0, waiting)
    }

    /// Whether several turns may be open.
    var isShared: Bool { open + waiting > 1 }
}

/// The open turns in the order that they came, and which of them may be given to the script.
struct OpenTurns {
    let limits: TurnLimits
    private(set) var all: [Turn] = []
    /// Set when a turn has ended, or is the script's own affair.
    private var step = AsyncValue<Void>()

    init(_ limits: TurnLimits) { self.limits = limits }

    /// Adds a turn, unless there is no room for it.
    mutating func add(_ turn: Turn) -> Bool {
        all.removeAll { $0.end != nil }
        let isAlone = turn.history == nil || all.contains { $0.history == nil }
        guard all.isEmpty || !isAlone, all.count < limits.open + limits.waiting else {
            return false
        }
        all.append(turn)
        return true
    }

    /// What a turn waits for before it is given to the script; nil if it may be given now.
    ///
    /// Those before it go first. One that the script has not claimed is alone with it: what the
    /// script shows then says nothing of which turn it is for.
    func obstacle(to turn: Turn) -> AsyncValue<Void>? {
        let former = all.prefix { $0 !== turn }.filter { $0.end == nil }
        let mayGo = former.allSatisfy(\.isClaimed) && former.count < limits.open
        return mayGo || turn.end != nil ? nil : step
    }

    /// Forgets the turns that have ended.
    ///
    /// - Returns: What those that wait are woken by.
    mutating func advance() -> AsyncValue<Void> {
        all.removeAll { $0.end != nil }
        defer { step = AsyncValue() }
        return step
    }
}
