// Responses damaged at random: nothing traps, nothing grows, and pieces make no difference.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import Testing

@testable import AmaruHTTP

extension CodecTests {
    /// `AMARU_FUZZ_SECONDS` has the tests go on for so long together, from another seed each time.
    @Suite(.timeLimit(.minutes(2 + (fuzzSeconds ?? 0) / 60))) struct Fuzz {
        /// The seeds of a test: the same ones, unless a time is set.
        private static var seeds: some Sequence<UInt64> {
            let clock = ContinuousClock()
            let end = clock.now + .seconds(fuzzSeconds ?? 0) / 3
            let first = fuzzSeconds == nil ? 0 : UInt64.random(in: 0 ... .max / 2)
            return sequence(first: first) { $0 + 1 }.lazy.prefix { seed in
                fuzzSeconds == nil ? seed < 3000 : clock.now < end
            }
        }

        /// What follows the responses, any number of times.
        private static let endless = [
            "x", " ", "\n", "0", "a:\n", " a\n", "HTTP/1.1 100 C\r\n\r\n",
        ]
        .map { ByteBuffer(string: String(repeating: $0, count: 10)) }

        @Test func `Pieces of a damaged response make no difference`() async {
            for seed in Self.seeds {
                await Task.yield()
                var mutator = ResponseMutator(seed: seed)
                let (method, bytes) = mutator.response()
                for closes in [false, true] {
                    let whole = ParserOutcome(of: [bytes[...]], method: method, closes: closes)
                    let pieces = mutator.pieces(of: bytes)
                    let outcome = ParserOutcome(of: pieces, method: method, closes: closes)
                    #expect(
                        outcome == whole,
                        "seed \(seed): \(Latin1.text(bytes).debugDescription)"
                    )
                }
            }
        }

        @Test func `A damaged response ends with its connection`() async {
            for seed in Self.seeds {
                await Task.yield()
                var mutator = ResponseMutator(seed: seed)
                let (method, bytes) = mutator.response()
                let outcome = ParserOutcome(of: [bytes[...]], method: method, closes: true)
                let ends = [outcome.trailers != nil, outcome.failure != nil, outcome.isTunnel]
                #expect(ends.filter(\.self).count == 1, "seed \(seed): \(outcome)")
                #expect(!outcome.mayReuse, "seed \(seed): \(outcome)")
                #expect(outcome.trailers == nil || outcome.head != nil, "seed \(seed): \(outcome)")
                let status = outcome.head?.status ?? 200
                #expect((100...999).contains(status), "seed \(seed): \(outcome)")
            }
        }

        @Test func `A parser keeps no more than its limits, whatever follows`() async {
            let limits = HTTP1ResponseLimits(line: 60, fields: 200, emptyLines: 3, informational: 3)
            // Each of the heads allowed, whole, and a line more.
            let bound = (limits.informational + 2) * (2 * limits.line + limits.fields)
            for seed in Self.seeds {
                await Task.yield()
                var mutator = ResponseMutator(seed: seed)
                let (method, bytes) = mutator.response()
                var parser = HTTP1ResponseParser(limits: limits)
                parser.expect(method: method)
                var silent = 0
                var arrived = ByteBuffer(bytes: bytes)
                do throws(HTTPTransferError) {
                    for _ in 0..<50 where !parser.isTunnel && !parser.isIdle {
                        silent += arrived.readableBytes
                        parser.append(arrived)
                        while let part = try parser.next() {
                            if case .informational = part { continue }
                            silent = 0
                        }
                        #expect(silent <= bytes.count + bound, "seed \(seed)")
                        arrived = Self.endless[Int(seed % UInt64(Self.endless.count))]
                    }
                } catch {
                    continue  // It was refused.
                }
            }
        }
    }
}

/// For how long damaged responses are read; nil for a fixed number of them.
private let fuzzSeconds = ProcessInfo.processInfo.environment["AMARU_FUZZ_SECONDS"]
    .flatMap { Int($0) }
