// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

/// Each in a process of its own: the number of blocks is that of the process.
@Suite("No way across leaks", .serialized, .timeLimit(.minutes(5)))
struct LeakTests {
    @Test("Counts and memory are the same after many rounds", arguments: Crossing.allCases)
    func crossing(_ crossing: Crossing) async {
        await #expect(processExitsWith: .success) { [crossing = crossing as Crossing] in
            let rounds = leakRounds(crossing.fullRounds)
            let fixture = try await LeakFixture()
            try await crossing.repeated(rounds / 10, fixture)
            var growth: [LeakFixture.Growth] = []
            // What caches keep after a peak grows once, what leaks grows each time.
            for _ in 0..<4 {
                let before = try await fixture.measure()
                try await crossing.repeated(rounds, fixture)
                let grown = try await fixture.measure().growth(since: before)
                growth.append(grown)
                if grown.isFlat(over: rounds, slack: crossing.slack) { break }
            }
            let isFlat = growth.last?.isFlat(over: rounds, slack: crossing.slack) == true
            #expect(isFlat, "\(growth)")
        }
    }

    @Test("A planted leak of one reference and one block in each round is seen")
    func planted() async {
        await #expect(processExitsWith: .success) {
            let fixture = try await LeakFixture()
            let before = try await fixture.measure()
            try await PythonActor.run {
                try Python.exec(
                    "kept = [[sentinel] for _ in range(10_000)]",
                    globals: fixture.namespace
                )
            }
            let growth = try await fixture.measure().growth(since: before)
            #expect(growth.references == ["sentinel": 10_000])
            // Blocks are pymalloc's.
            if PythonConfiguration.ofThisRun.allocator != .malloc {
                #expect(growth.blocks > 5000)
            }
            #expect(!growth.isFlat(over: 10_000))
        }
    }

    @Test(
        "A planted leak of a Swift object in each round is seen",
        .disabled(if: isAddressSanitized, "its malloc has no statistics")
    )
    func plantedInSwift() async {
        await #expect(processExitsWith: .success) {
            final class Leaked {}
            let fixture = try await LeakFixture()
            let before = try await fixture.measure()
            for _ in 0..<10_000 { _ = Unmanaged.passRetained(Leaked()) }
            let growth = try await fixture.measure().growth(since: before)
            #expect(!growth.isFlat(over: 10_000))
        }
    }
}
