// Responses damaged at random: nothing traps, nothing grows, and pieces make no difference.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import Testing

@testable import AmaruHTTP

extension CodecTests {
    /// `AMARU_FUZZ_SECONDS` has the tests go on for so long, from another seed each time.
    @Suite struct Fuzz {
        private static let seconds = ProcessInfo.processInfo.environment["AMARU_FUZZ_SECONDS"]
            .flatMap { Int($0) }

        /// The seeds of a run: the same ones, unless a time is set.
        private static var seeds: some Sequence<UInt64> {
            let clock = ContinuousClock()
            let end = clock.now + .seconds(seconds ?? 0)
            let first = seconds == nil ? 0 : UInt64.random(in: 0 ... .max / 2)
            return sequence(first: first) { $0 + 1 }.lazy.prefix { seed in
                seconds == nil ? seed < 2000 : clock.now < end
            }
        }

        @Test func `Pieces of a damaged response make no difference`() {
            for seed in Self.seeds {
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

        @Test func `A damaged response ends with its connection`() {
            for seed in Self.seeds {
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

        @Test(arguments: ["x", " ", "\n", "0", "a:\n", " a\n", "HTTP/1.1 100 C\r\n\r\n"])
        func `A parser keeps no more than its limits, whatever follows`(_ repeated: String) throws {
            let limits = HTTP1ResponseLimits(line: 60, fields: 200, emptyLines: 3, informational: 3)
            // Each of the heads allowed, whole, and a line more.
            let bound = (limits.informational + 2) * (2 * limits.line + limits.fields)
            let repeated = ByteBuffer(string: String(repeating: repeated, count: 10))
            for seed in Self.seeds {
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
                        arrived = repeated
                    }
                } catch {
                    continue  // It was refused.
                }
            }
        }
    }
}
