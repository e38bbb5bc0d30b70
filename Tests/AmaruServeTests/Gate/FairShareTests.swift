// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruServe

struct FairShareTests {
    private static func taken(_ share: inout FairShare, by owner: String) -> Int {
        var count = 0
        while share.allows(owner) {
            share.take(for: owner) { true }
            count += 1
        }
        return count
    }

    @Test func `Each of several users leaves something for others`() {
        var share = FairShare(of: 8)
        let counts = ["a", "b", "c", "d"].map { Self.taken(&share, by: $0) }
        #expect(counts == [4, 2, 1, 1])
    }

    @Test func `A user alone takes all`() {
        var share = FairShare(of: 8)
        let count = Self.taken(&share, by: AccessTokens.singleOwner)
        #expect(count == 8)
    }

    @Test func `What is no longer held is free`() {
        final class Holder: Sendable {}
        var share = FairShare(of: 1)
        var holder: Holder? = Holder()
        share.take(for: "a") { [weak holder] in holder != nil }
        let isFull = !share.allows("b")
        holder = nil
        let isFree = share.allows("b")
        #expect(isFull && isFree)
    }
}
