// A request that was checked, in the form in which it goes onto a connection.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A request that can be sent.
struct OutgoingRequest: Sendable {
    /// How the end of the body is told (RFC 9112 §6).
    enum Framing: Sendable, Hashable {
        case none
        case length(Int)
        case chunked
    }

    let url: HTTPTransferURL
    let framing: Framing
    private let request: HTTPTransferRequest

    /// Finds what can be known to be wrong with a request before anything is opened for it.
    init(_ request: HTTPTransferRequest) throws(HTTPTransferError) {
        do throws(HTTPOrigin.ParseError) {
            url = try HTTPTransferURL(parsing: request.url)
        } catch {
            throw HTTPTransferError(error)
        }
        self.request = request
        let origin = url.origin
        do throws(Fault) {
            try Self.check(request)
            framing = try Self.framing(of: request)
        } catch {
            throw HTTPTransferError(
                .localProtocol,
                "cannot send the request to \(origin): \(error.text)",
                origin: origin
            )
        }
    }

    var origin: HTTPOrigin { url.origin }
    var method: String { request.method }
    var body: HTTPTransferRequest.Body { request.body }
    var timeouts: HTTPTimeouts { request.timeouts }
    var connection: HTTPConnectionOptions { request.connection }
    var pool: HTTPConnectionPool? { request.pool }

    /// Whether it asks for a tunnel, and where the tunnel is to end if that can be told.
    var isTunnel: Bool { request.isTunnel }
    var tunnelEnd: HTTPOrigin? { request.tunnelEnd }

    /// Whether sending it twice is the same as sending it once (RFC 9110 §9.2.2).
    var isIdempotent: Bool {
        ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"].contains(request.method)
    }

    /// Whether the caller wants the connection closed after the response.
    var closesConnection: Bool {
        request.headers.contains { field in
            field.isNamed("connection")
                && field.value.lowercased().split { $0 == "," || $0 == " " }.contains("close")
        }
    }

    /// The target: path and query, or the whole URL for a proxy (RFC 9112 §3.2).
    func target(over way: ConnectionKey.Way) -> String {
        if let target = request.target { return target }
        if case .forwarded = way { return url.text }
        return url.target
    }

    /// The fields in the order in which the caller gave them, with `Host`, the framing and the
    /// credentials for the proxy if they are missing.
    func fields(over way: ConnectionKey.Way) -> [HTTPHeaderField] {
        var fields: [HTTPHeaderField] = []
        fields.reserveCapacity(request.headers.count + 3)
        if !request.headers.contains(where: { $0.isNamed("host") }) {
            fields.append(HTTPHeaderField("Host", origin.hostHeader))
        }
        var isFramed = false
        for field in request.headers {
            if field.isNamed("content-length") {
                guard case .length = framing, !isFramed else { continue }
                isFramed = true
            } else if field.isNamed("transfer-encoding") {
                guard framing == .chunked, !isFramed else { continue }
                isFramed = true
            }
            fields.append(field)
        }
        switch framing {
        case .length(let count) where !isFramed:
            fields.append(HTTPHeaderField("Content-Length", "\(count)"))
        case .chunked where !isFramed:
            fields.append(HTTPHeaderField("Transfer-Encoding", "chunked"))
        default: break
        }
        if case .forwarded(let proxy) = way, let value = proxy.authorization,
            !request.headers.contains(where: { $0.isNamed("proxy-authorization") })
        {
            fields.append(HTTPHeaderField("Proxy-Authorization", value))
        }
        return fields
    }
}

extension OutgoingRequest {
    private struct Fault: Error {
        let text: String

        init(_ text: String) { self.text = text }
    }

    private static func check(_ request: HTTPTransferRequest) throws(Fault) {
        let fault = HTTP1RequestEncoder.fault(
            method: request.method,
            target: request.target,
            fields: request.headers
        )
        if let fault { throw Fault(fault) }
        if request.isTunnel, request.tunnelEnd == nil {
            throw Fault("the target of CONNECT must be a host and a port, such as example.com:443")
        }
    }

    private static func framing(of request: HTTPTransferRequest) throws(Fault) -> Framing {
        let coding = request.headers.firstValue(of: "transfer-encoding")?.lowercased()
        let declared = try length(in: request.headers)
        if let coding, request.body != .none {
            guard coding.split(whereSeparator: { $0 == "," || $0 == " " }).last == "chunked" else {
                throw Fault("its Transfer-Encoding does not end with chunked")
            }
            return .chunked
        }
        let count: Int
        switch request.body {
        case .upload: return declared.map { .length($0) } ?? .chunked
        case .none: count = 0
        case .data(let data): count = data.count
        }
        if let declared, declared != count {
            throw Fault("its Content-Length is \(declared), its body has \(count) bytes")
        }
        // RFC 9110 §8.6: methods whose requests usually have a body say that there is none.
        let saysLength = ["POST", "PUT", "PATCH"].contains(request.method)
        return count > 0 || declared != nil || saysLength ? .length(count) : .none
    }

    private static func length(in headers: [HTTPHeaderField]) throws(Fault) -> Int? {
        guard let text = headers.firstValue(of: "content-length") else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(text) else {
            throw Fault("its Content-Length \"\(text)\" is not a number")
        }
        return length
    }
}
