// Writes requests of HTTP/1.1.
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Writes the bytes of a request exactly as they are given.
///
/// No field is added, dropped, moved or respelled: what the request says about its body is the
/// caller's to get right. Only what would end a line or a word early is refused, as it could add
/// fields or a whole request: https://www.rfc-editor.org/rfc/rfc9112#section-11.1
enum HTTP1RequestEncoder {
    /// Writes the request line, the fields and the empty line.
    ///
    /// - Throws: `.localProtocol` if the method or the name of a field is not a token, the target has
    ///   a blank, a control or a non-ASCII character, or a value has CR, LF or NUL. Nothing is
    ///   written then.
    static func head(
        method: String,
        target: String,
        fields: [HTTPHeaderField],
        into buffer: inout ByteBuffer
    ) throws(HTTPTransferError) {
        if let fault = fault(method: method, target: target, fields: fields) {
            throw refusal(fault)
        }
        let line = method.utf8.count + target.utf8.count + 12
        buffer.reserveCapacity(minimumWritableBytes: line + size(of: fields) + 2)
        buffer.writeString(method)
        buffer.writeStaticString(" ")
        buffer.writeString(target)
        buffer.writeStaticString(" HTTP/1.1\r\n")
        write(fields, into: &buffer)
    }

    /// Returns what keeps a request from being written, or nil.
    ///
    /// Other control characters are allowed in values, as Python's clients send them: a cookie may
    /// have some.
    static func fault(method: String, target: String?, fields: [HTTPHeaderField]) -> String? {
        guard isToken(method) else { return "its method is not a token" }
        if let target, target.isEmpty || !target.utf8.allSatisfy(HTTP1Syntax.isVisible) {
            return "its target is empty or has a blank, a control or a non-ASCII character"
        }
        return fault(fields: fields)
    }

    /// Writes what stands before the data of a chunk: nothing if it has no bytes, as a chunk
    /// without bytes would end the body.
    static func chunk(size: Int, into buffer: inout ByteBuffer) {
        guard size > 0 else { return }
        buffer.writeString(String(size, radix: 16))
        buffer.writeStaticString("\r\n")
    }

    /// Writes what stands after the data of a chunk: nothing if it has no bytes.
    static func endOfChunk(size: Int, into buffer: inout ByteBuffer) {
        if size > 0 { buffer.writeStaticString("\r\n") }
    }

    /// Writes the end of a body in chunks, without trailers.
    static func lastChunk(into buffer: inout ByteBuffer) {
        buffer.writeStaticString("0\r\n\r\n")
    }
}

extension HTTP1RequestEncoder {
    private static func write(_ fields: [HTTPHeaderField], into buffer: inout ByteBuffer) {
        for field in fields {
            buffer.writeString(field.name)
            buffer.writeStaticString(": ")
            buffer.writeBytes(field.bytes)
            buffer.writeStaticString("\r\n")
        }
        buffer.writeStaticString("\r\n")
    }

    private static func size(of fields: [HTTPHeaderField]) -> Int {
        fields.reduce(0) { $0 + $1.name.utf8.count + $1.bytes.count + 4 }
    }

    private static func fault(fields: [HTTPHeaderField]) -> String? {
        for field in fields {
            guard isToken(field.name) else { return "the name of a header is not a token" }
            guard isSafe(field.bytes) else {
                return "the value of the header \"\(field.name)\" has a CR, an LF or a NUL"
            }
        }
        return nil
    }

    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(HTTP1Syntax.isToken)
    }

    private static func isSafe(_ value: [UInt8]) -> Bool {
        value.withUnsafeBytes { bytes in
            [HTTP1Syntax.nul, HTTP1Syntax.lineFeed, HTTP1Syntax.carriageReturn]
                .allSatisfy { bytes.offset(of: $0) == nil }
        }
    }

    private static func refusal(_ fault: String) -> HTTPTransferError {
        HTTPTransferError(.localProtocol, "cannot send the request: \(fault)")
    }
}
