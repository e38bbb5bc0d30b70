// What can be wrong with a response of HTTP/1, and what is said about it.
// SPDX-License-Identifier: Apache-2.0

/// A response that breaks the protocol.
enum HTTP1Fault: Error, Hashable {
    case notHTTP
    case version
    case status
    case controlCharacter
    case lineTooLong(limit: Int)
    case fieldsTooLarge(limit: Int)
    case tooManyEmptyLines
    case tooManyInformational(limit: Int)
    case contentLength
    case contradictoryLengths
    case chunkSize
    case chunkEnd
    case notReusable
    case noResponse
    case incompleteHead
    case incompleteBody(received: Int, expected: Int)
    case incompleteChunks(received: Int)
}

extension HTTPTransferError {
    /// The error of a response that breaks the protocol.
    init(_ fault: HTTP1Fault, origin: HTTPOrigin?) {
        let server = origin.map { "\($0)" } ?? "the server"
        let reason: Reason? =
            switch fault {
            case .noResponse, .incompleteHead, .incompleteBody, .incompleteChunks: .earlyEnd
            default: nil
            }
        self.init(.remoteProtocol, fault.message(server), origin: origin, reason: reason)
    }
}

extension HTTP1Fault {
    fileprivate func message(_ server: String) -> String {
        if let detail { return "\(server) sent a malformed response: \(detail)" }
        switch self {
        case .notReusable:
            return "the connection to \(server) cannot serve another request"
        case .noResponse:
            return "\(server) disconnected without sending a response"
        case .incompleteBody(let received, let expected):
            return Self.early + "(\(server) sent \(received) bytes of \(expected))"
        case .incompleteChunks(let received):
            return Self.early + "(\(server) sent \(received) bytes and no last chunk)"
        default:
            return Self.early + "(\(server) did not complete the head of the response)"
        }
    }

    /// httpx's wording, by which some of its users recognise the fault.
    private static let early = "peer closed connection without sending complete message body "

    /// What is wrong with the syntax; nil if nothing is.
    private var detail: String? {
        switch self {
        case .notHTTP: "it does not begin with \"HTTP/\"; check the port"
        case .version: "its version is neither HTTP/1.0 nor HTTP/1.1"
        case .status: "its status is not a number from 100 to 999"
        case .controlCharacter: "a line has a NUL or a carriage return in it"
        case .lineTooLong(let limit): "a line is longer than \(limit) bytes"
        case .fieldsTooLarge(let limit): "its header fields have more than \(limit) bytes"
        case .tooManyEmptyLines: "too many empty lines stand before it"
        case .tooManyInformational(let limit): "more than \(limit) informational ones precede it"
        case .contentLength: "its Content-Length is not a number of bytes"
        case .contradictoryLengths: "it has several Content-Lengths that differ"
        case .chunkSize: "the size of a chunk is not a hexadecimal number, or is too large"
        case .chunkEnd: "a chunk does not end where its size says"
        case .notReusable, .noResponse, .incompleteHead, .incompleteBody, .incompleteChunks:
            nil
        }
    }
}
