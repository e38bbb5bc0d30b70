// A file of an answer, as browsers may have it.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// What a page may show as a picture; a browser saves all else, and runs none of it.
    private static let pictures: Set = ["image/png", "image/jpeg", "image/gif", "image/webp"]

    /// A response that is a file, to be saved under its name.
    init(file: Attachment) {
        let type = file.mediaType.lowercased()
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
                .contentType: Self.pictures.contains(type) ? type : "application/octet-stream",
                .contentDisposition: "attachment; filename*=UTF-8''\(letters.joined())",
                .contentSecurityPolicy: "default-src 'none'; sandbox",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes))
        )
    }
}
