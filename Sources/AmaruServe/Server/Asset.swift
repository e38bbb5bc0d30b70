// One file of the page.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import HTTPTypes
import Hummingbird

/// A file that belongs to the program, ready to be sent.
struct Asset: Sendable {
    private let type: String
    private let plain: ByteBuffer
    private let compressed: ByteBuffer?
    private let digest: String

    init(_ bytes: [UInt8], type: String) {
        self.type = type
        plain = ByteBuffer(bytes: bytes)
        compressed = Gzip.compress(bytes).flatMap {
            $0.count < bytes.count ? ByteBuffer(bytes: $0) : nil
        }
        digest = String(SHA256.hex(bytes).prefix(24))
    }

    /// The answer to a request: the file as the client reads it, or that it has it already.
    func response(to request: Request) -> Response {
        let isCompressed = Self.takesGzip(request.headers)
        let body = isCompressed ? compressed ?? plain : plain
        let isPlain = !isCompressed || compressed == nil
        // Each form of the file is a representation of its own, and so has a tag of its own.
        let tag = "\"\(digest)\(isPlain ? "" : "-gzip")\""
        var headers: HTTPFields = [
            .eTag: tag, .cacheControl: "no-cache", .vary: "Accept-Encoding",
        ]
        if Self.has(tag, in: request.headers[.ifNoneMatch]) {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = type
        if !isPlain { headers[.contentEncoding] = "gzip" }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
    }

    private static func takesGzip(_ headers: HTTPFields) -> Bool {
        let codings = headers[.acceptEncoding]?.split(separator: ",") ?? []
        return codings.contains { coding in
            let parts = coding.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
            return parts.first == "gzip" && !["q=0", "q=0.0"].contains(parts.dropFirst().first)
        }
    }

    private static func has(_ tag: String, in field: String?) -> Bool {
        let tags = field?.split(separator: ",").map { $0.filter { $0 != " " } } ?? []
        return tags.contains { $0 == tag || $0 == "W/" + tag || $0 == "*" }
    }
}
