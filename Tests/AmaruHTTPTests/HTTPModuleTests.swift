// What the module `_amaru_http` makes of the numbers that Python code gives it.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruHTTP

struct HTTPModuleTests {
    @Test(arguments: ["connect", "pool", "write", "read"], [Double.nan, .infinity, -1])
    func `A time-out that is no length of time is refused`(_ name: String, _ seconds: Double) {
        let error = #expect(throws: HTTPValueError.self) {
            try HTTPTimeouts(seconds: [name: seconds])
        }
        #expect(error?.message.contains("\"\(name)\" is \(seconds)") == true, "\(error)")
    }

    @Test func `A time-out is in seconds, and one that is missing is no limit`() throws {
        let timeouts = try HTTPTimeouts(seconds: ["connect": 0, "read": 1.5])
        #expect(timeouts.connect == .zero)
        #expect(timeouts.read == .milliseconds(1500))
        #expect(timeouts.pool == nil)
        #expect(timeouts.write == nil)
    }

    @Test(arguments: [0, -1, Int.min])
    func `A pool without a connection is refused`(_ limit: Int) {
        let error = #expect(throws: HTTPValueError.self) {
            try HTTPConnectionPool(limit: limit, expiry: nil, idle: nil)
        }
        #expect(error?.message.contains("max_connections is \(limit)") == true, "\(error)")
    }

    @Test func `A pool has the limits that are given`() throws {
        let pool = try HTTPConnectionPool(limit: 1, expiry: 2, idle: 3)
        #expect(pool.maximumConnections == 1)
        #expect(pool.idleLifetime == .seconds(2))
        #expect(pool.maximumIdleConnections == 3)
        let unlimited = try HTTPConnectionPool(limit: nil, expiry: nil, idle: nil)
        #expect(unlimited.maximumConnections == .max)
        #expect(throws: HTTPValueError.self) {
            try HTTPConnectionPool(limit: nil, expiry: .nan, idle: nil)
        }
    }
}
