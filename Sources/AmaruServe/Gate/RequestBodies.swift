// The bodies of requests, within bounds.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import HTTPTypes
import Hummingbird
import NIOCore

/// Reads bodies: JSON only, of a bounded length, nested to a bounded depth.
final class RequestBodies: Sendable {
    /// Counts a large body until it is released.
    struct Slot {
        fileprivate let bodies: RequestBodies
        func release() { bodies.large.withLock { $0 -= 1 } }
    }

    private let limits: ServeLimits
    private let large = Lock(0)

    init(_ limits: ServeLimits) { self.limits = limits }

    /// Reads the body of a request into its context.
    ///
    /// - Returns: What is to be released when the request has been answered, if anything.
    /// - Throws: `RequestError`; the error of a connection that ends first.
    func read(
        _ admitted: inout (request: Request, context: ServeContext),
        for place: RequestPlace
    ) async throws -> Slot? {
        let headers = admitted.request.headers
        let limit = place == .model ? limits.modelBody : limits.pageBody
        let length = headers[.contentLength].flatMap(Int.init)
        let hasBody = length ?? 0 > 0 || headers[.transferEncoding] != nil
        if [.get, .head].contains(admitted.request.method) {
            guard !hasBody else {
                throw RequestError(.badRequest, "body", "a request that only reads has no body")
            }
            return nil
        }
        try Self.checkType(headers[.contentType], hasBody: hasBody)
        guard hasBody else { return nil }
        guard length ?? 0 <= limit else { throw Self.tooLong(limit) }
        let slot = try length ?? limit > limits.pageBody ? takeSlot() : nil
        do {
            let body = try await admitted.request.collectBody(upTo: limit)
            admitted.context.json = try JSONParser.parse(
                Array(buffer: body),
                depthLimit: limits.jsonDepth
            )
            return slot
        } catch {
            slot?.release()
            throw error is NIOTooManyBytesError || (error as? HTTPError)?.status == .contentTooLarge
                ? Self.tooLong(limit) : error
        }
    }

    /// Forms can send other types without asking the server first, and no JSON.
    private static func checkType(_ type: String?, hasBody: Bool) throws(RequestError) {
        let name = type?.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        guard name != "application/json", hasBody || name != nil else { return }
        throw RequestError(
            .unsupportedMediaType,
            "content_type",
            "the body of a request is JSON, and its Content-Type application/json"
        )
    }

    private static func tooLong(_ limit: Int) -> RequestError {
        RequestError(
            .contentTooLarge,
            "too_long",
            "the body of the request has more than \(limit >> 20) MiB"
        )
    }

    private func takeSlot() throws(RequestError) -> Slot {
        let isFree = large.withLock { count in
            guard count < limits.largeBodies else { return false }
            count += 1
            return true
        }
        guard isFree else {
            throw RequestError(
                .serviceUnavailable,
                "busy",
                "too many large requests are under way",
                headers: [.retryAfter: "1"]
            )
        }
        return Slot(bodies: self)
    }
}
