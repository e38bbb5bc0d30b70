// Server-sent events on their way to one page.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Hummingbird
import HummingbirdCore
import NIOCore

/// Writes events, and knows for how long it has waited and been silent.
final class EventWriter: @unchecked Sendable {
    // Safe because `body` is used by one task at a time: that which serves the request, or the one
    // that it waits for.
    private var body: any ResponseBodyWriter
    private let turn: Int64
    private let ticks = Lock((silent: 0, waiting: 0, isWaiting: false))

    init(_ body: any ResponseBodyWriter, turn: Int64) {
        self.body = body
        self.turn = turn
    }

    /// The ticks since something was written.
    var silence: Int { ticks.withLock { $0.silent } }

    /// The ticks for which the reader has taken nothing.
    var stalls: Int { ticks.withLock { $0.waiting } }

    /// Lets time pass.
    func tick() {
        ticks.withLock { ticks in
            ticks.silent += 1
            if ticks.isWaiting { ticks.waiting += 1 }
        }
    }

    /// Writes the head of the stream, at once, past what may gather small pieces on the way.
    func begin() async throws { try await write("retry: 1000\n\n") }

    /// Writes events; behind the last one the page knows all up to a place.
    func write(_ events: [PageEvent], then place: EventPlace = .beginning) async throws {
        guard !events.isEmpty else { return }
        var text = ""
        for (index, event) in events.enumerated() {
            if index == events.count - 1, let id = place.id(of: turn) { text += "id: \(id)\n" }
            let (name, data) = event.sse
            text += "event: \(name)\ndata: \(data)\n\n"
        }
        try await write(text)
    }

    /// Writes what no page sees, so that the connection counts as used.
    func comment() async throws { try await write(":\n\n") }

    func finish() async throws { try await body.finish(nil) }

    private func write(_ text: String) async throws {
        ticks.withLock { $0.isWaiting = true }
        defer { ticks.withLock { $0 = (0, 0, false) } }
        try await body.write(ByteBuffer(string: text))
    }
}
