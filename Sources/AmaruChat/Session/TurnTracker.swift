// When a turn of a script that has no message ids is over.
// SPDX-License-Identifier: Apache-2.0

/// Decides when a message counts as answered, pure of clocks and threads.
///
/// A script that settles its turns itself says so, and the tracker only remembers which is open.
/// One of the tutorial's kind shows replies and nothing else: its turn is answered when it has
/// shown something and then, for a while, nothing is in flight; unanswered when nothing is in
/// flight for much longer and it has shown nothing.
struct TurnTracker {
    struct Limits: Sendable {
        /// Quiet after a reply that ends the turn.
        var answered: Duration = .milliseconds(250)
        /// Quiet without a reply that ends the turn.
        var unanswered: Duration
    }

    enum Verdict: Equatable {
        case answered(turn: Int)
        case unanswered(turn: Int)
    }

    private struct Open {
        let turn: Int
        var settlesItself = false
        var hasShown = false
        var isCancelled = false
        var quietSince: Duration?
    }

    private let limits: Limits
    private var open: Open?

    init(limits: Limits) {
        self.limits = limits
    }

    /// The turn that is open.
    var turn: Int? { open?.turn }
    /// Whether the user has cancelled the open turn.
    var isCancelled: Bool { open?.isCancelled ?? false }
    /// Whether the open turn needs to be watched.
    var isWatched: Bool { open.map { !$0.settlesItself } ?? false }

    mutating func sent(_ turn: Int) {
        open = Open(turn: turn)
    }

    /// The script settles the turn by itself.
    mutating func claimed(_ turn: Int) {
        if open?.turn == turn { open?.settlesItself = true }
    }

    /// The script has shown a reply.
    mutating func shown() {
        open?.hasShown = true
        open?.quietSince = nil
    }

    mutating func cancelled() {
        open?.isCancelled = true
    }

    /// Ends a turn; says whether it was open.
    mutating func settled(_ turn: Int) -> Bool {
        guard open?.turn == turn else { return false }
        open = nil
        return true
    }

    /// Takes a look at the script, at a time since any fixed moment.
    ///
    /// What is in flight ends the quiet. A loop that is about to run something only puts the
    /// verdict off: a script that ticks, as the tutorial's does, would never be quiet otherwise.
    mutating func looked(isBusy: Bool, isReady: Bool = false, at time: Duration) -> Verdict? {
        guard let watched = open, !watched.settlesItself else { return nil }
        guard !isBusy else {
            open?.quietSince = nil
            return nil
        }
        guard let since = watched.quietSince else {
            open?.quietSince = time
            return nil
        }
        guard !isReady else { return nil }
        let quiet = time - since
        if watched.hasShown, quiet >= limits.answered {
            open = nil
            return .answered(turn: watched.turn)
        }
        if !watched.hasShown, quiet >= limits.unanswered {
            open = nil
            return .unanswered(turn: watched.turn)
        }
        return nil
    }
}
