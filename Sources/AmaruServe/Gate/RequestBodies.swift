// The bodies of requests, within bounds.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix

/// Reads bodies: JSON only, of a bounded length, nested to a bounded depth.
final class RequestBodies: Sendable {
    /// One of the places for large bodies, which is held while this exists.
    final class Slot: Sendable {}

    private let limits: ServeLimits
    private let large: Lock<FairShare>

    init(_ limits: ServeLimits) {
        self.limits = limits
        large = Lock(FairShare(of: limits.largeBodies))
    }

    /// How many large bodies are held.
    var held: Int { large.withLock { $0.held } }

    /// Reads the body of a request into its context.
    ///
    /// - Returns: What is to be kept until the request has been answered, if anything.
    /// - Throws: `RequestError`; the error of a connection that ends first.
    func read(
        _ request: Request,
        into context: inout ServeContext,
        for place: RequestPlace
    ) async throws -> Slot? {
        let limit =
            switch place {
            case .model: limits.modelBody
            case .login: limits.loginBody
            default: limits.pageBody
            }
        // A body whose last coding is not chunked has no end: the parser refuses it.
        // https://www.rfc-editor.org/rfc/rfc9112#section-6.1-9
        let codings = request.headers[.transferEncoding]?.lowercased().filter { !$0.isWhitespace }
        if codings?.hasSuffix(",chunked") == true {
            throw RequestError(
                .notImplemented,
                "transfer_coding",
                "the only transfer coding that is understood is chunked"
            )
        }
        let length = request.headers[.contentLength].flatMap(Int.init) ?? 0
        let hasBody = length > 0 || request.headers[.transferEncoding] != nil
        if [.get, .head].contains(request.method) {
            guard !hasBody else {
                throw RequestError(.badRequest, "body", "a GET request must not have a body")
            }
            return nil
        }
        try Self.checkType(request.headers[.contentType], hasBody: hasBody)
        guard hasBody else { return nil }
        guard length <= limit else { throw Self.tooLong(limit) }
        let (body, slot) = try await collect(request, limit, context.owner)
        context.bodySize = body.readableBytes
        context.json = try await Self.working(on: body.readableBytes) { [limits] in
            try JSONParser.parse(Array(buffer: body), depthLimit: limits.jsonDepth)
        }
        return slot
    }

    /// Reads a body; only one that is larger than those of the page needs a slot.
    private func collect(
        _ request: Request,
        _ limit: Int,
        _ owner: String
    ) async throws -> (ByteBuffer, Slot?) {
        var body = ByteBuffer()
        var slot: Slot?
        for try await part in request.body {
            body.writeImmutableBuffer(part)
            guard body.readableBytes <= limit else { throw Self.tooLong(limit) }
            if slot == nil, body.readableBytes > limits.pageBody { slot = try takeSlot(owner) }
        }
        return (body, slot)
    }

    /// Forms can send other types without asking the server first, and no JSON.
    private static func checkType(_ type: String?, hasBody: Bool) throws(RequestError) {
        let name = type?.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        guard name != "application/json", hasBody || name != nil else { return }
        throw RequestError(
            .unsupportedMediaType,
            "content_type",
            "the body must be JSON, with Content-Type: application/json"
        )
    }

    private static func tooLong(_ limit: Int) -> RequestError {
        RequestError(
            .contentTooLarge,
            "too_long",
            "the body is larger than \(limit >> 10) KiB"
        )
    }

    private func takeSlot(_ owner: String) throws(RequestError) -> Slot {
        let slot = Slot()
        let isFree = large.withLock { share in
            guard share.allows(owner) else { return false }
            share.take(for: owner) { [weak slot] in slot != nil }
            return true
        }
        guard isFree else {
            throw RequestError(
                .serviceUnavailable,
                "overloaded",
                "too many large requests are being answered",
                headers: [.retryAfter: "1"]
            )
        }
        return slot
    }

    // MARK: Work

    /// The size of a body, in bytes, from which on work on it would keep other requests waiting.
    private static let small = 256 << 10
    private static let worker: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        return pool
    }()

    /// Runs what takes time with the size of a body: for a large one, on a thread of its own.
    static func working<Value: Sendable>(
        on size: Int,
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        guard size > small else { return try work() }
        return try await worker.runIfActive(work)
    }
}
