// What a page does, with bare connections.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import NIOCore
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

    private var probe: HTTPProbe { HTTPProbe(port: port) }

    /// Sends a request and reads the whole answer.
    func send(
        _ method: String,
        _ path: String,
        _ json: String? = nil,
        type: String = "application/json"
    ) async throws -> HTTPProbe.Reply {
        let fields = ["Owner: \(owner)"] + (json == nil ? [] : ["Content-Type: \(type)"])
        return try await probe.request(method, "/api/\(path)", fields, body: json)
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
        let fields = ["Owner: \(owner)"] + (id.map { ["Last-Event-ID: \($0)"] } ?? [])
        return try await probe.connected { connection in
            var answer = AnswerBytes()
            var reader = EventReader()
            try await connection.write(probe.text("GET", "/api/turns/\(turn)/events", fields))
            while !answer.isComplete, let bytes = try await connection.next() {
                answer.take(bytes)
                for event in reader.take(answer.takeBody()) where try !take(event) {
                    return answer.status
                }
            }
            return answer.status
        }
    }
}

extension HTTPProbe.Reply {
    func decoded<Value: Decodable>(_: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(body.utf8))
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
