// What a page does, with bare connections.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import NIOCore
import NIOPosix
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Sends requests, each on a connection of its own.
struct PageClient: Sendable {
    let port: Int
    var owner = "local"

    struct Reply: Sendable {
        let status: Int
        let head: String
        let body: Data

        func decoded<Value: Decodable>(_: Value.Type = Value.self) throws -> Value {
            try JSONDecoder().decode(Value.self, from: body)
        }

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// Sends a request and reads the whole answer.
    func send(
        _ method: String,
        _ path: String,
        _ json: String? = nil,
        type: String = "application/json"
    ) async throws -> Reply {
        var fields = ""
        if let json { fields += "Content-Type: \(type)\r\nContent-Length: \(json.utf8.count)\r\n" }
        var answer = AnswerBytes()
        try await exchange("\(method) /api/\(path)", fields, json ?? "") { bytes in
            answer.take(bytes)
            return true
        }
        return Reply(status: answer.status, head: answer.head, body: Data(answer.body))
    }

    /// Follows a turn until `take` wants no more, and goes without a word.
    ///
    /// - Returns: The status.
    @discardableResult
    func follow(
        _ turn: Int64,
        after id: String? = nil,
        _ take: (Event) throws -> Bool
    ) async throws -> Int {
        var answer = AnswerBytes()
        var reader = EventReader()
        let fields = id.map { "Last-Event-ID: \($0)\r\n" } ?? ""
        try await exchange("GET /api/turns/\(turn)/events", fields, "") { bytes in
            answer.take(bytes)
            for event in reader.take(answer.takeBody()) {
                guard try take(event) else { return false }
            }
            return !answer.isComplete
        }
        return answer.status
    }

    private func exchange(
        _ target: String,
        _ fields: String,
        _ body: String,
        _ take: (ByteBuffer) throws -> Bool
    ) async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel
                    )
                }
            }
        let head =
            "\(target) HTTP/1.1\r\nHost: x\r\nOwner: \(owner)\r\n"
            + "Connection: close\r\n\(fields)\r\n"
        try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: head + body))
            for try await bytes in inbound { guard try take(bytes) else { return } }
        }
    }
}

/// An event of a stream.
struct Event: Sendable, Equatable {
    var id: String?
    var name = ""
    var data = ""

    func decoded<Value: Decodable>(_: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(data.utf8))
    }
}

/// Splits bytes into events, and leaves out what a cut has left of one.
struct EventReader {
    private var rest: [UInt8] = []

    mutating func take(_ bytes: [UInt8]) -> [Event] {
        rest += bytes
        var events: [Event] = []
        while let end = rest.indices.dropLast().first(where: {
            rest[$0] == UInt8(ascii: "\n") && rest[$0 + 1] == UInt8(ascii: "\n")
        }) {
            let text = String(decoding: rest[..<end], as: UTF8.self)
            rest.removeFirst(end + 2)
            var event = Event()
            for line in text.split(separator: "\n") {
                if line.hasPrefix("id: ") { event.id = String(line.dropFirst(4)) }
                if line.hasPrefix("event: ") { event.name = String(line.dropFirst(7)) }
                if line.hasPrefix("data: ") { event.data = String(line.dropFirst(6)) }
            }
            if !event.name.isEmpty { events.append(event) }
        }
        return events
    }
}

/// The bytes of an answer as they come: the head, and the body without its chunks' sizes.
struct AnswerBytes {
    private(set) var head = ""
    private(set) var body: [UInt8] = []
    private(set) var isComplete = false
    private var rest: [UInt8] = []

    var status: Int { Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0 }

    private var isChunked: Bool { head.lowercased().contains("transfer-encoding: chunked") }

    mutating func take(_ bytes: ByteBuffer) {
        rest += bytes.readableBytesView
        if head.isEmpty {
            guard let end = Self.find("\r\n\r\n", in: rest) else { return }
            head = String(decoding: rest[..<end], as: UTF8.self)
            rest.removeFirst(end + 4)
        }
        guard isChunked else {
            body += rest
            rest = []
            return
        }
        while !isComplete, let line = Self.find("\r\n", in: rest),
            let size = Int(String(decoding: rest[..<line], as: UTF8.self), radix: 16),
            rest.count >= line + 2 + size + 2
        {
            body += rest[(line + 2)..<(line + 2 + size)]
            rest.removeFirst(line + 2 + size + 2)
            isComplete = size == 0
        }
    }

    mutating func takeBody() -> [UInt8] {
        defer { body = [] }
        return body
    }

    private static func find(_ text: String, in bytes: [UInt8]) -> Int? {
        let wanted = Array(text.utf8)
        guard bytes.count >= wanted.count else { return nil }
        return (0...(bytes.count - wanted.count)).first {
            bytes[$0..<($0 + wanted.count)].elementsEqual(wanted)
        }
    }
}
