// Server-sent events on their way to one page.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Hummingbird
import HummingbirdCore
import NIOCore

/// Writes events, and knows for how long it has been silent.
final class EventWriter: @unchecked Sendable {
    // Safe because `body` is used by one task at a time: that which serves the request, or the one
    // that it waits for.
    private var body: any ResponseBodyWriter
    private let turn: Int64
    private let ticks = Lock(0)

    init(_ body: any ResponseBodyWriter, turn: Int64) {
        self.body = body
        self.turn = turn
    }

    /// The ticks since something was written.
    var silence: Int { ticks.withLock { $0 } }

    /// Counts a tick of silence.
    func tick() { ticks.withLock { $0 += 1 } }

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
        // Suspends while the page does not take what was written.
        try await body.write(ByteBuffer(string: text))
        ticks.withLock { $0 = 0 }
    }
}
