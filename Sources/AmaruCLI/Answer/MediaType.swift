// What a file holds, by its first bytes and its name.
// SPDX-License-Identifier: Apache-2.0

/// The type of an attachment, and whether a model can be sent it.
enum MediaType {
    /// What a file's content begins with, and at which byte.
    private static let signatures: [(offset: Int, bytes: [UInt8], type: String)] = [
        (0, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "image/png"),
        (0, [0xFF, 0xD8, 0xFF], "image/jpeg"),
        (0, Array("GIF87a".utf8), "image/gif"),
        (0, Array("GIF89a".utf8), "image/gif"),
        (8, Array("WEBP".utf8), "image/webp"),
        (0, Array("%PDF-".utf8), "application/pdf"),
        (4, Array("ftypheic".utf8), "image/heic"),
        (4, Array("ftypavif".utf8), "image/avif"),
        (4, Array("ftyp".utf8), "video/mp4"),
        (0, Array("BM".utf8), "image/bmp"),
        (0, [0x49, 0x49, 0x2A, 0x00], "image/tiff"),
        (0, [0x4D, 0x4D, 0x00, 0x2A], "image/tiff"),
        (0, Array("PK\u{3}\u{4}".utf8), "application/zip"),
        (0, [0x1F, 0x8B], "application/gzip"),
        (0, Array("ID3".utf8), "audio/mpeg"),
        (8, Array("WAVE".utf8), "audio/wav"),
        (0, Array("OggS".utf8), "audio/ogg"),
        (0, [0x7F, 0x45, 0x4C, 0x46], "application/x-executable"),
    ]

    private static let texts = [
        "md": "text/markdown", "html": "text/html", "csv": "text/csv", "json": "application/json",
        "xml": "application/xml", "py": "text/x-python", "svg": "image/svg+xml",
    ]

    /// The type of a file with this name that holds these bytes.
    static func of(_ bytes: some RandomAccessCollection<UInt8>, name: String) -> String {
        if isText(bytes) { return texts[suffix(of: name)] ?? "text/plain" }
        for signature in signatures
        where bytes.dropFirst(signature.offset).starts(with: signature.bytes) {
            return signature.type
        }
        return "application/octet-stream"
    }

    /// What to do about a file of a type that cannot be sent; nil if it can.
    static func remedy(for type: String, name: String) -> String? {
        if sendable.contains(type) || isText(type) { return nil }
        if type.hasPrefix("image/") { return "convert it to PNG or JPEG" }
        if type.hasPrefix("audio/") || type.hasPrefix("video/") {
            return "attach a transcript, or a picture of it"
        }
        if ["docx", "odt", "pptx", "odp", "xlsx", "ods", "epub"].contains(suffix(of: name)) {
            return "export it as PDF or text"
        }
        if type == "application/zip" || type == "application/gzip" {
            return "unpack it, and attach the files"
        }
        return "attach text, an image (PNG, JPEG, GIF, WebP) or a PDF"
    }

    /// Whether a file of a type goes into the text of the message, which any model takes.
    static func isText(_ type: String) -> Bool {
        type.hasPrefix("text/") || texts.values.contains(type)
    }

    private static let sendable: Set = [
        "image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf",
    ]

    /// Whether a file of this name may be attached by its bare path, as when it is dropped on the
    /// terminal.
    static func isPictureOrPDF(_ name: String) -> Bool {
        ["png", "jpg", "jpeg", "gif", "webp", "pdf"].contains(suffix(of: name))
    }

    private static func suffix(of name: String) -> String {
        guard let dot = name.lastIndex(of: ".") else { return "" }
        return name[name.index(after: dot)...].lowercased()
    }

    private static func isText(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
        // A PDF may hold nothing but ASCII.
        !bytes.starts(with: "%PDF-".utf8) && !bytes.contains(0)
            && String(validating: bytes, as: UTF8.self) != nil
    }
}
