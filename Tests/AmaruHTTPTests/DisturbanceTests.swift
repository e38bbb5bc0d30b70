// Requests that are made to fail or to crawl.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5)))
struct DisturbanceTests {
    static let fault = HTTPTransferError(.read, "planted")

    /// What a disturbed exchange gives before its error.
    func outcome(
        _ disturbance: HTTPDisturbance,
        _ server: ScriptedServer
    ) async throws -> (text: String, error: HTTPTransferError?) {
        var text = ""
        var error: HTTPTransferError?
        try await withServer(server) { (backend) async throws in
            let disturbed = DisturbedBackend(around: backend) { request in
                request.url.hasSuffix("/bad") ? disturbance : nil
            }
            #expect(try await disturbed.open(server.request("GET", "/good")).text() == "0123456789")
            let exchange = disturbed.open(server.request("GET", "/bad"))
            do throws(HTTPTransferError) {
                _ = try await exchange.head()
                while let piece = try await exchange.read() {
                    text += String(decoding: piece, as: UTF8.self)
                }
            } catch let thrown {
                error = thrown
            }
        }
        return (text, error)
    }

    @Test(arguments: [
        (HTTPDisturbance.refused(Self.fault), "", true),
        (.broken(afterBytes: 4, Self.fault), "0123", true),
        (.broken(afterBytes: 0, Self.fault), "", true),
        (.broken(afterBytes: 100, Self.fault), "0123456789", false),
        (.delayed(.milliseconds(1)), "0123456789", false),
        (.limited(bytesPerSecond: 10_000), "0123456789", false),
    ])
    func `A request that the rule picks is disturbed, another is not`(
        _ disturbance: HTTPDisturbance,
        _ text: String,
        _ fails: Bool
    ) async throws {
        let server = ScriptedServer([.text("0123456789"), .text("0123456789")])
        let outcome = try await outcome(disturbance, server)
        #expect(outcome.text == text)
        #expect(outcome.error == (fails ? Self.fault : nil))
        let isSent = disturbance != .refused(Self.fault)
        #expect(server.requests.count == (isSent ? 2 : 1))
    }

    @Test func `A limited body takes at least its time`() async throws {
        let server = ScriptedServer([.text("0123456789"), .text("0123456789")])
        let clock = ContinuousClock()
        let time = try await clock.measure {
            _ = try await outcome(.limited(bytesPerSecond: 100), server)
        }
        #expect(time >= .milliseconds(100))
    }
}
