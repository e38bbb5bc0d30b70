// A client that sees the bytes of an answer.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import NIOCore
import NIOPosix
import Testing

@testable import AmaruServe

/// Sends bytes, and returns what comes back.
struct RawClient: Sendable {
    typealias Channel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    let port: Int

    /// Runs with a connection on which a request was sent, and its bytes as they come.
    @concurrent func connected(
        _ request: String,
        _ body: @escaping @concurrent @Sendable (Channel, inout Reading) async throws -> Void
    ) async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try Channel(wrappingChannelSynchronously: channel)
                }
            }
        try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var reading = Reading(inbound.makeAsyncIterator())
            try await body(channel, &reading)
        }
    }

    /// The whole answer to a request.
    func answer(_ request: String) async throws -> Answer {
        let whole = Lock("")
        try await connected(request) { _, reading in
            let text = try await reading.rest()
            whole.withLock { $0 = text }
        }
        return Answer(whole.withLock { $0 })
    }

    /// Posts JSON.
    func post(
        _ json: String,
        to path: String = "/v1/chat/completions",
        fields: [String] = []
    ) async throws -> Answer {
        try await answer(Self.post(json, to: path, fields: fields))
    }

    /// Gets a resource.
    func get(_ path: String, fields: [String] = [], method: String = "GET") async throws -> Answer {
        let head = ["\(method) \(path) HTTP/1.1", "Host: localhost", "Connection: close"]
        return try await answer((head + fields).joined(separator: "\r\n") + "\r\n\r\n")
    }

    static func post(
        _ json: String,
        to path: String = "/v1/chat/completions",
        fields: [String] = []
    ) -> String {
        let head = [
            "POST \(path) HTTP/1.1", "Host: localhost", "Content-Type: application/json",
            "Content-Length: \(json.utf8.count)", "Connection: close",
        ]
        return (head + fields).joined(separator: "\r\n") + "\r\n\r\n" + json
    }

    /// A question to the model `m`.
    static func question(_ fields: String = "") -> String {
        let more = fields.isEmpty ? "" : ", \(fields)"
        return #"{"model": "m", "messages": [{"role": "user", "content": "hi"}]\#(more)}"#
    }

    /// What comes over a connection.
    struct Reading {
        private var bytes: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
        private(set) var text = ""

        init(_ bytes: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator) {
            self.bytes = bytes
        }

        /// Reads until the text has come.
        @concurrent mutating func until(_ wanted: String) async throws {
            while !text.contains(wanted) {
                guard let more = try await bytes.next() else {
                    Issue.record("\(wanted) is missing in \(text)")
                    return
                }
                text += String(buffer: more)
            }
        }

        /// Reads to the end.
        @concurrent mutating func rest() async throws -> String {
            while let more = try await bytes.next() { text += String(buffer: more) }
            return text
        }
    }

    /// An answer in parts.
    struct Answer: CustomStringConvertible {
        let description: String
        let status: Int
        let fields: String
        let body: String

        init(_ text: String) {
            description = text
            let parts = text.split(separator: "\r\n\r\n", maxSplits: 1)
            let head = parts.first?.split(separator: "\r\n", maxSplits: 1) ?? []
            status = head.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            fields = head.count > 1 ? head[1].lowercased() : ""
            body = parts.count > 1 ? String(parts[1]) : ""
        }

        /// The body as JSON.
        var json: JSONValue { (try? JSONParser.parse(Array(body.utf8))) ?? .null }

        /// What the events of a chunked body carry.
        var data: [String] {
            body.split(separator: "\r\n").filter { !$0.allSatisfy(\.isHexDigit) }.joined()
                .split(separator: "\n\n").map { String($0.trimmingPrefix("data: ")) }
        }
    }
}
