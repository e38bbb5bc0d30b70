// When a turn of a script that has no turns of its own is over.
// SPDX-License-Identifier: Apache-2.0

/// Decides when a message counts as answered, without clocks or threads of its own.
///
/// A script of the tutorial's kind shows replies and nothing else: its turn is answered when it
/// has shown something and then, for a while, nothing is in flight; unanswered when nothing is in
/// flight for much longer and it has shown nothing.
struct ScriptWatch {
    struct Limits: Sendable {
        /// Quiet after a reply that ends the turn.
        var answered: Duration = .milliseconds(250)
        /// Quiet without a reply that ends the turn.
        var unanswered: Duration
    }

    enum Verdict: Equatable {
        case answered
        case unanswered(after: Duration)
    }

    private let limits: Limits
    private var hasShown = false
    private var quietSince: Duration?

    init(limits: Limits) {
        self.limits = limits
    }

    /// The script has shown a reply.
    mutating func shown() {
        hasShown = true
        quietSince = nil
    }

    /// Observes the script at a time since any fixed moment.
    ///
    /// What is in flight ends the quiet. A loop that is about to run something only puts the
    /// verdict off: a script that ticks, as the tutorial's does, would never be quiet otherwise.
    mutating func observe(isBusy: Bool, isReady: Bool, at time: Duration) -> Verdict? {
        guard !isBusy, let since = quietSince else {
            quietSince = isBusy ? nil : time
            return nil
        }
        if isReady { return nil }
        let quiet = time - since
        if hasShown { return quiet >= limits.answered ? .answered : nil }
        return quiet >= limits.unanswered ? .unanswered(after: limits.unanswered) : nil
    }
}
