// A client that sends any bytes, and shows what comes back.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// Sends requests to a server of this machine, right ones and others.
package struct HTTPProbe: Sendable {
    private typealias Channel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// An answer in parts.
    package struct Reply: CustomStringConvertible, Sendable {
        package let description: String

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
    package func connected(
        _ body: @escaping @Sendable (Connection) async throws -> Void
    ) async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Channel(wrappingChannelSynchronously: channel)
                }
            }
        try await channel.executeThenClose { inbound, outbound in
            try await body(Connection(inbound: inbound.makeAsyncIterator(), outbound: outbound))
        }
    }

    /// Sends bytes and reads until the server closes the connection.
    package func send(_ bytes: String) async throws -> Reply {
        let (stream, result) = AsyncStream<String>.makeStream()
        try await connected { connection in
            try await connection.write(bytes)
            result.yield(try await connection.rest())
        }
        result.finish()
        for await text in stream { return Reply(description: text) }
        return Reply(description: "")
    }

    /// Sends a request with a right host, unless the fields name one.
    package func request(
        _ method: String,
        _ path: String,
        _ fields: [String] = [],
        body: String? = nil
    ) async throws -> Reply {
        var lines = ["\(method) \(path) HTTP/1.1", "Connection: close"]
        if !fields.contains(where: { $0.lowercased().hasPrefix("host:") }) {
            lines.append("Host: localhost:\(port)")
        }
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        return try await send(
            (lines + fields).joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
        )
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
        private var text = ""

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

        /// Reads until a text has come; returns false if the connection ends before.
        package func wait(for wanted: String) async throws -> Bool {
            while !text.contains(wanted) {
                guard let more = try await inbound.next() else { return false }
                text += String(buffer: more)
            }
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
                while let more = try await inbound.next() { text += String(buffer: more) }
            } catch is IOError {}
            return text
        }
    }
}
