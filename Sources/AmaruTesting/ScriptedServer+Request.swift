// A request as the scripted server received it.
// SPDX-License-Identifier: Apache-2.0

public import AmaruHTTP

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A request as it was on the wire.
public struct RecordedRequest: Sendable, Hashable {
    /// The method.
    public var method: String
    /// The request target, exactly.
    public var path: String
    /// The header fields in their order, duplicates kept.
    public var headers: [HTTPHeaderField]
    /// The bytes of the whole head, with its empty line.
    public var rawHead: Data
    /// The body, without its framing; empty on a server that ignores bodies.
    public var body: Data
    /// The number of the connection that it came on, from 1.
    public var connection: Int

    /// Returns the value of the first field of that name; case does not count.
    public func header(_ name: String) -> String? { headers.firstValue(of: name) }

    /// The body as UTF-8 text.
    public var bodyText: String { String(decoding: body, as: UTF8.self) }
}

/// Takes requests out of the bytes of a connection.
struct RequestReader {
    struct Malformed: Error {}

    private let connection: Int
    private let bodies: ScriptedServer.Bodies
    private var bytes: [UInt8] = []
    private var head: RecordedRequest?

    init(connection: Int, bodies: ScriptedServer.Bodies) {
        self.connection = connection
        self.bodies = bodies
    }

    mutating func append(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

    /// Takes the next request, or nil if it is not complete.
    mutating func next() throws -> RecordedRequest? {
        if head == nil { head = try readHead() }
        guard var request = head else { return nil }
        if bodies == .read {
            guard let body = try readBody(of: request) else { return nil }
            request.body = body
        }
        head = nil
        return request
    }

    private mutating func readHead() throws -> RecordedRequest? {
        guard let end = position(of: "\r\n\r\n", from: 0) else { return nil }
        let raw = Array(bytes[..<(end + 4)])
        bytes.removeFirst(end + 4)
        var lines = raw.dropLast(4).split(separator: UInt8(ascii: "\n")).map { line in
            line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        }
        guard !lines.isEmpty else { throw Malformed() }
        let words = lines.removeFirst().split(separator: UInt8(ascii: " "))
        guard words.count == 3 else { throw Malformed() }
        let headers = try lines.map { line in
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { throw Malformed() }
            let value = line[(colon + 1)...].drop { $0 == UInt8(ascii: " ") }
            let name = String(decoding: line[..<colon], as: UTF8.self)
            return HTTPHeaderField(name, bytes: Array(value))
        }
        return RecordedRequest(
            method: String(decoding: words[0], as: UTF8.self),
            path: String(decoding: words[1], as: UTF8.self),
            headers: headers,
            rawHead: Data(raw),
            body: Data(),
            connection: connection
        )
    }

    private mutating func readBody(of head: RecordedRequest) throws -> Data? {
        if head.header("transfer-encoding")?.lowercased() == "chunked" { return try chunks() }
        let length = head.header("content-length").flatMap { Int($0) } ?? 0
        guard bytes.count >= length else { return nil }
        defer { bytes.removeFirst(length) }
        return Data(bytes[..<length])
    }

    private mutating func chunks() throws -> Data? {
        var body = Data()
        var start = 0
        while true {
            guard let lineEnd = position(of: "\r\n", from: start) else { return nil }
            let digits = String(decoding: bytes[start..<lineEnd], as: UTF8.self)
            guard let size = Int(digits, radix: 16) else { throw Malformed() }
            let dataStart = lineEnd + 2
            guard bytes.count >= dataStart + size + 2 else { return nil }
            body.append(contentsOf: bytes[dataStart..<(dataStart + size)])
            start = dataStart + size + 2
            if size == 0 {
                bytes.removeFirst(start)
                return body
            }
        }
    }

    private func position(of mark: StaticString, from start: Int) -> Int? {
        let wanted = Array("\(mark)".utf8)
        var index = start
        while index + wanted.count <= bytes.count {
            if bytes[index..<(index + wanted.count)].elementsEqual(wanted) { return index }
            index += 1
        }
        return nil
    }
}
