// Server-sent events.
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore

/// One server-sent event; without any data it is a comment, which clients do not see.
///
/// https://html.spec.whatwg.org/multipage/server-sent-events.html
struct ServerEvent: Sendable, Equatable {
    /// How long the client waits before it connects again, in milliseconds.
    var retry: Int?
    /// What the client names to go on behind this event.
    var id: String?
    /// Its name, if it has one: those of chat completions have none, since some clients take any
    /// line but `data:` for more than it is.
    var name: String?
    /// What it carries: one line.
    var data: OutgoingText?

    /// A sign of life: some clients end at a comment that says `ping`.
    static let comment = ServerEvent()

    /// Adds the event as it is on the wire.
    fileprivate func write(to text: inout OutgoingText) {
        if self == .comment { text.end += ":\n" }
        if let retry { text.end += "retry: \(retry)\n" }
        if let id { text.end += "id: \(id)\n" }
        if let name { text.end += "event: \(name)\n" }
        if let data {
            text.end += "data: "
            text.append(data)
            text.end += "\n"
        }
        text.end += "\n"
    }
}

extension ServerEvent {
    /// Not inlined, for the size of its many callers.
    @inline(never)
    init(_ data: JSONValue, name: String? = nil) { self.init(name: name, data: data.text) }
}

extension [ServerEvent] {
    /// The events on the wire.
    var text: OutgoingText { reduce(into: OutgoingText()) { $1.write(to: &$0) } }

    /// The events on the wire, at once.
    var bytes: ByteBuffer { ByteBuffer(string: "\(text)") }
}

/// Writes events to one client.
final class EventWriter: @unchecked Sendable {
    // Safe because `body` is used by one task at a time: that which serves the request, or the one
    // that it waits for.
    private var body: any ResponseBodyWriter

    init(_ body: any ResponseBodyWriter) { self.body = body }

    /// Writes events at once; suspends while the client does not take what was written.
    @concurrent func write(_ events: [ServerEvent]) async throws {
        try await body.write(events.text)
    }

    /// Writes events as they are on the wire.
    @concurrent func write(_ bytes: ByteBuffer) async throws {
        guard bytes.readableBytes > 0 else { return }
        try await body.write(bytes)
    }

    @concurrent fileprivate func finish() async throws { try await body.finish(nil) }
}

extension Response {
    /// A stream of events.
    init(events write: @escaping @Sendable (EventWriter) async throws -> Void) {
        self.init(
            status: .ok,
            headers: [
                .contentType: "text/event-stream; charset=utf-8",
                .cacheControl: "no-cache, no-transform",
                .accelBuffering: "no",
            ],
            body: ResponseBody { body in
                let writer = EventWriter(body)
                try await write(writer)
                try await writer.finish()
            }
        )
    }
}
