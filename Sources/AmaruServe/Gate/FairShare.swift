// A number of places for all users.
// SPDX-License-Identifier: Apache-2.0

/// Shares places out, so that no user takes them all: of several users, each may hold no more than
/// are free.
struct FairShare {
    private struct Place {
        let owner: String
        let isHeld: @Sendable () -> Bool
    }

    private let count: Int
    private var places: [Place] = []

    init(of count: Int) { self.count = count }

    /// How many places are held.
    var held: Int { places.count(where: { $0.isHeld() }) }

    /// Whether a user may take a place.
    mutating func allows(_ owner: String) -> Bool {
        places.removeAll { !$0.isHeld() }
        let free = count - places.count
        let held = places.count(where: { $0.owner == owner })
        return free > (owner == AccessTokens.singleOwner ? 0 : held)
    }

    /// Takes a place for as long as a condition holds.
    mutating func take(for owner: String, while isHeld: @escaping @Sendable () -> Bool) {
        places.append(Place(owner: owner, isHeld: isHeld))
    }
}
