// A file of an answer, as browsers may have it.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import HTTPTypes
import Hummingbird
import NIOCore

extension Attachment {
    private static let pictures: Set = ["image/png", "image/jpeg", "image/gif", "image/webp"]

    /// Whether a page may show it as a picture; a browser saves all else, and runs none of it.
    var isPicture: Bool { Self.pictures.contains(mediaType.lowercased()) }
}

extension Response {
    /// A response that is a file, to be saved under its name.
    init(file: Attachment) {
        let type = file.isPicture ? file.mediaType.lowercased() : "application/octet-stream"
        // Only the last component of a path, percent-encoded as in RFC 8187.
        let name = file.name.split(whereSeparator: { "/\\".contains($0) }).last ?? "file"
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._".utf8)
        let letters = name.utf8.map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            if plain.contains(byte) { return String(UnicodeScalar(byte)) }
            return byte < 16 ? "%0\(digits)" : "%\(digits)"
        }
        self.init(
            status: .ok,
            headers: [
                .contentType: type,
                .contentDisposition: "attachment; filename*=UTF-8''\(letters.joined())",
                .contentSecurityPolicy: "default-src 'none'; sandbox",
            ],
            body: ResponseBody(contentLength: file.bytes.count) { body in
                // In pieces, of which a client that takes nothing holds one.
                for start in stride(from: 0, to: file.bytes.count, by: 32 << 10) {
                    let piece = file.bytes.dropFirst(start).prefix(32 << 10)
                    try await body.write(ByteBuffer(bytes: piece))
                }
                try await body.finish(nil)
            }
        )
    }
}
