// A client that sends any bytes, and shows what comes back.
// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOPosix

/// Sends requests to a server of this machine, right ones and others.
package struct HTTPProbe: Sendable {
    private typealias Channel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// An answer in parts.
    package struct Reply: CustomStringConvertible, Sendable {
        package let description: String

        package init(description: String) { self.description = description }

        package var status: Int {
            description.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        }

        /// What comes behind the head.
        package var body: String { parts.count > 1 ? parts[1] : "" }

        private var parts: [String] {
            description.split(separator: "\r\n\r\n", maxSplits: 1).map { String($0) }
        }

        /// The value of a field; nil if it is missing.
        package func field(_ name: String) -> String? {
            let lines = (parts.first ?? "").split(separator: "\r\n")
            let line = lines.first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
            return line.map { String($0.dropFirst(name.count + 1).drop { $0 == " " }) }
        }
    }

    /// The port of the server.
    package let port: Int

    /// Creates a client of a server at 127.0.0.1.
    package init(port: Int) { self.port = port }

    /// Runs with a connection.
    package func connected<Value: Sendable>(
        _ body: (Connection) async throws -> Value
    ) async throws -> Value {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Channel(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await body(Connection(inbound: inbound.makeAsyncIterator(), outbound: outbound))
        }
    }

    /// Sends bytes and reads until the server closes the connection.
    package func send(_ bytes: String) async throws -> Reply {
        try await connected { connection in
            try await connection.write(bytes)
            return Reply(description: try await connection.rest())
        }
    }

    /// Sends a request with a right host, unless the fields name one.
    package func request(
        _ method: String,
        _ path: String,
        _ fields: [String] = [],
        body: String? = nil
    ) async throws -> Reply {
        try await send(text(method, path, fields, body: body))
    }

    /// A request as it is sent.
    package func text(
        _ method: String,
        _ path: String,
        _ fields: [String] = [],
        body: String? = nil
    ) -> String {
        var lines = ["\(method) \(path) HTTP/1.1", "Connection: close"]
        if !fields.contains(where: { $0.lowercased().hasPrefix("host:") }) {
            lines.append("Host: localhost:\(port)")
        }
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        return (lines + fields).joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
    }

    package func get(_ path: String, _ fields: [String] = []) async throws -> Reply {
        try await request("GET", path, fields)
    }

    /// Posts JSON.
    package func post(_ path: String, _ json: String = "{}", _ fields: [String] = []) async throws
        -> Reply
    {
        try await request("POST", path, ["Content-Type: application/json"] + fields, body: json)
    }

    /// A connection that a test writes and reads.
    package final class Connection: @unchecked Sendable {
        // Safe because one task at a time uses it.
        private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
        private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        private var bytes = ByteBuffer()

        init(
            inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
            outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        ) {
            self.inbound = inbound
            self.outbound = outbound
        }

        package func write(_ bytes: String) async throws {
            try await outbound.write(ByteBuffer(string: bytes))
        }

        /// The next bytes; nil at the end.
        package func next() async throws -> ByteBuffer? {
            let more = try await inbound.next()
            if let more { bytes.writeImmutableBuffer(more) }
            return more
        }

        /// What has come.
        package var text: String { String(buffer: bytes) }

        /// Reads until a text has come; returns false if the connection ends before.
        package func wait(for wanted: String) async throws -> Bool {
            while !text.contains(wanted) { guard try await next() != nil else { return false } }
            return true
        }

        /// Reads until a text has come, and returns all that has.
        package func text(until wanted: String) async throws -> String {
            _ = try await wait(for: wanted)
            return text
        }

        /// Reads all that comes until the connection ends; a reset is an end too.
        package func rest() async throws -> String {
            do {
                while try await next() != nil {}
            } catch is IOError {}
            return text
        }
    }
}
