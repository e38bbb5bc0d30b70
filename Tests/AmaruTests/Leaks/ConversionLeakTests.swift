// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

/// Each in a process of its own: the number of blocks is that of the process.
@Suite("No conversion leaks", .serialized, .timeLimit(.minutes(5)))
struct ConversionLeakTests {
    @Test("Counts and memory are the same after many rounds", arguments: ConvertedValues.allCases)
    func conversion(_ values: ConvertedValues) async {
        await #expect(processExitsWith: .success) { [values = values as ConvertedValues] in
            let rounds = leakRounds(100_000)
            let fixture = try await LeakFixture()
            try await PythonActor.run { try values.repeated(rounds / 10, fixture) }
            var growth: [LeakFixture.Growth] = []
            // What caches keep after a peak grows once, what leaks grows each time.
            for _ in 0..<4 {
                let before = try await fixture.measure()
                try await PythonActor.run { try values.repeated(rounds, fixture) }
                let grown = try await fixture.measure().growth(since: before)
                growth.append(grown)
                if grown.isFlat(over: rounds) { break }
            }
            let isFlat = growth.last?.isFlat(over: rounds) == true
            #expect(isFlat, "\(growth)")
        }
    }
}
