// How often the leak tests repeat a way across the bridge.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The rounds of a leak test: 10,000 at most, unless `AMARU_LEAK_ROUNDS` is `full`.
///
/// `make test-leaks` runs them in full; every other leg, of which some run many times slower,
/// settles for what shows a leak of one object in twenty rounds.
func leakRounds(_ full: Int) -> Int {
    let environment = ProcessInfo.processInfo.environment
    return environment["AMARU_LEAK_ROUNDS"] == "full" ? full : min(full, 10_000)
}
