// The messages by which a SOCKS proxy is asked for a connection.
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The dialogue of RFC 1928, with the user name and password of RFC 1929.
///
/// The proxy is given the name of the host, not its address: it looks names up itself.
struct SOCKSDialogue {
    private enum State {
        case new
        case methods
        case credentials
        case reply
        case done
    }

    /// The longest message of a proxy: a reply with a name of 255 bytes.
    private static let limit = 262

    private let proxy: HTTPProxy
    private let origin: HTTPOrigin
    private var state = State.new
    private var input = ByteBuffer()

    /// - Throws: `.proxy` if a name is too long for the protocol.
    init(_ proxy: HTTPProxy, to origin: HTTPOrigin) throws(HTTPTransferError) {
        self.proxy = proxy
        self.origin = origin
        let texts = [proxy.username ?? "", proxy.password ?? "", origin.host]
        guard texts.allSatisfy({ $0.utf8.count <= 255 }) else {
            throw proxy.refusal(of: origin, "could not be given so long a name or password")
        }
    }

    /// Whether the proxy has connected.
    var isDone: Bool { state == .done }

    /// Returns the first message.
    mutating func begin() -> ByteBuffer {
        state = .methods
        return ByteBuffer(bytes: hasCredentials ? [5, 2, 0, 2] : [5, 1, 0])
    }

    /// Takes bytes of the proxy and returns the next message, if it is due.
    ///
    /// A proxy may answer ahead of a message, so several answers may arrive together.
    ///
    /// - Throws: `.proxy` if the proxy refuses or does not speak SOCKS 5.
    mutating func receive(_ bytes: ByteBuffer) throws(HTTPTransferError) -> ByteBuffer? {
        var bytes = bytes
        input.writeBuffer(&bytes)
        guard input.readableBytes <= Self.limit else { throw moreThanDue }
        var message: ByteBuffer?
        var before: State
        repeat {
            before = state
            guard var next = try step() else { continue }
            message.setOrWriteBuffer(&next)
        } while state != before && input.readableBytes > 0
        return message
    }

    private mutating func step() throws(HTTPTransferError) -> ByteBuffer? {
        switch state {
        case .methods: try receiveMethod()
        case .credentials: try receiveVerdict()
        case .reply: try receiveReply()
        case .new, .done: throw moreThanDue
        }
    }
}

extension SOCKSDialogue {
    private var hasCredentials: Bool { proxy.username != nil || proxy.password != nil }

    private var moreThanDue: HTTPTransferError {
        proxy.refusal(of: origin, "sent more than was due")
    }

    private var notSOCKS: HTTPTransferError {
        proxy.refusal(of: origin, "did not answer in SOCKS 5")
    }

    private mutating func receiveMethod() throws(HTTPTransferError) -> ByteBuffer? {
        guard let version = input.getInteger(at: input.readerIndex, as: UInt8.self) else {
            return nil
        }
        guard version == 5 else { throw notSOCKS }
        guard let answer = input.readBytes(length: 2) else { return nil }
        switch answer[1] {
        case 0: return request()
        case 2 where hasCredentials: return credentials()
        case 0xFF where !hasCredentials:
            let advice = " Put a user name and password that it accepts into the URL of the proxy."
            throw proxy.refusal(of: origin, "wants a user name and password", advice)
        default: throw proxy.refusal(of: origin, "wants another way to log in")
        }
    }

    private mutating func receiveVerdict() throws(HTTPTransferError) -> ByteBuffer? {
        guard let verdict = input.readBytes(length: 2) else { return nil }
        guard verdict[1] == 0 else {
            throw proxy.refusal(of: origin, "refused the user name and password")
        }
        return request()
    }

    private mutating func receiveReply() throws(HTTPTransferError) -> ByteBuffer? {
        guard let start = input.getBytes(at: input.readerIndex, length: 2) else { return nil }
        guard start[0] == 5 else { throw notSOCKS }
        guard start[1] == 0 else {
            throw proxy.refusal(of: origin, "answered \"\(Self.reason(start[1]))\"")
        }
        guard let head = input.getBytes(at: input.readerIndex, length: 5) else { return nil }
        let address: Int
        switch head[3] {
        case 1: address = 4
        case 3: address = 1 + Int(head[4])
        case 4: address = 16
        default: throw notSOCKS
        }
        guard input.readBytes(length: 4 + address + 2) != nil else { return nil }
        guard input.readableBytes == 0 else { throw moreThanDue }
        state = .done
        return nil
    }

    private mutating func credentials() -> ByteBuffer {
        state = .credentials
        var message = ByteBuffer(bytes: [1])
        for text in [proxy.username ?? "", proxy.password ?? ""] {
            message.writeInteger(UInt8(truncatingIfNeeded: text.utf8.count))
            message.writeString(text)
        }
        return message
    }

    private mutating func request() -> ByteBuffer {
        state = .reply
        var message = ByteBuffer(bytes: [5, 1, 0])
        if let address = IPAddress.bytes(origin.host) {
            message.writeInteger(UInt8(address.count == 4 ? 1 : 4))
            message.writeBytes(address)
        } else {
            message.writeInteger(UInt8(3))
            message.writeInteger(UInt8(truncatingIfNeeded: origin.host.utf8.count))
            message.writeString(origin.host)
        }
        message.writeInteger(UInt16(truncatingIfNeeded: origin.port))
        return message
    }

    /// The replies of RFC 1928 §6.
    private static func reason(_ code: UInt8) -> String {
        switch code {
        case 1: "general failure"
        case 2: "connection not allowed by ruleset"
        case 3: "network unreachable"
        case 4: "host unreachable"
        case 5: "connection refused"
        case 6: "TTL expired"
        case 7: "command not supported"
        case 8: "address type not supported"
        default: "error \(code)"
        }
    }
}
