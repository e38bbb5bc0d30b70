// Numbers of seconds that come from outside.
// SPDX-License-Identifier: Apache-2.0

extension Duration {
    /// Makes a duration of seconds, at least none and at most a century; nil if they are no number.
    ///
    /// `Duration.seconds` traps for what does not fit.
    package init?(bounded seconds: Double) {
        guard !seconds.isNaN else { return nil }
        self = .seconds(min(max(seconds, 0), Self.century))
    }

    private static let century = 3.2e9

    /// The duration, or the nearest of those that are at least none and at most a century.
    ///
    /// What was decoded may have more seconds than its parts can be asked for.
    package var bounded: Duration { min(max(self, .zero), .seconds(Self.century)) }
}
