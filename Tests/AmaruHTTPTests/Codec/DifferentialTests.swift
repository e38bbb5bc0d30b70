// The parser beside Python's own, with the same responses.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruHTTP

extension CodecTests {
    @Suite(.timeLimit(.minutes(5))) struct Differential {
        @Test func `http.client reads the same, but for what is listed`() async throws {
            try await compare(.httpClient)
        }

        @Test func `h11 reads the same, but for what is listed`() async throws {
            try await compare(.h11)
        }

        private func compare(_ parser: PythonParser) async throws {
            let responses = (0..<10_000 as Range<UInt64>).map { seed in
                var mutator = ResponseMutator(seed: seed)
                let (method, bytes) = mutator.response()
                // Neither of them reads a tunnel.
                return (method: method == "CONNECT" ? "GET" : method, text: Latin1.text(bytes))
            }
            let outcomes = try await parser.outcomes(of: responses)
            #expect(outcomes.count == responses.count)
            let comparisons = zip(responses, outcomes).map { response, outcome in
                Comparison(parser, response.method, response.text, outcome)
            }
            let readByBoth = comparisons.count { $0.differences.isEmpty && $0.ours.failure == nil }
            #expect(readByBoth > responses.count / 10, "too many are damaged beyond use")

            let table = AllowedDifference.table(parser)
            var unused = Set(table.map(\.name))
            for comparison in comparisons where !comparison.differences.isEmpty {
                let names = table.filter { $0.explains(comparison) }.map(\.name)
                if names.isEmpty { Issue.record("\(comparison)") }
                unused.subtract(names)
            }
            #expect(unused.isEmpty, "these differences are no longer there")
        }
    }
}
