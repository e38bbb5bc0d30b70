// Where the body of a response ends, and whether the connection goes on after it.
// SPDX-License-Identifier: Apache-2.0

/// The framing of a response, by its head and the method of its request.
///
/// https://www.rfc-editor.org/rfc/rfc9112#section-6.3 and, for the connection,
/// https://www.rfc-editor.org/rfc/rfc9112#section-9.3
struct HTTP1Framing: Hashable {
    enum Body: Hashable {
        case empty
        case length(Int)
        case chunked
        case untilClose
        /// There is no body: the connection is not HTTP's any longer.
        case tunnel
    }

    let body: Body
    /// Whether the connection may serve another request when the body has ended.
    let isPersistent: Bool

    init(of head: HTTP1ResponseHead, to method: String, isAmbiguous: Bool) throws(HTTP1Fault) {
        let codings = TransferCodings(head.fields)
        body = try Self.body(head, method, codings)
        isPersistent =
            Self.persists(head) && !isAmbiguous && !codings.isAmbiguous(in: head)
            && body != .untilClose && body != .tunnel
    }

    private static func body(
        _ head: HTTP1ResponseHead,
        _ method: String,
        _ codings: TransferCodings
    ) throws(HTTP1Fault) -> Body {
        if head.status == 101 || (method == "CONNECT" && (200..<300).contains(head.status)) {
            return .tunnel
        }
        if method == "HEAD" || head.status == 204 || head.status == 304 { return .empty }
        // Transfer-Encoding overrides Content-Length, even one that is no number.
        if codings.areGiven { return codings.endInChunked ? .chunked : .untilClose }
        return try length(head.fields).map { .length($0) } ?? .untilClose
    }

    /// Several lengths are allowed if they are the same, in one field or in more.
    private static func length(_ fields: [HTTPHeaderField]) throws(HTTP1Fault) -> Int? {
        var length: Int?
        for field in fields where field.name.utf8.isWord("content-length") {
            for element in HTTP1Syntax.elements(field.bytes) {
                guard let number = Int(decimal: element) else { throw .contentLength }
                guard number == length ?? number else { throw .contradictoryLengths }
                length = number
            }
        }
        return length
    }

    private static func persists(_ head: HTTP1ResponseHead) -> Bool {
        var keepsAlive = head.version == .http11
        for field in head.fields where field.name.utf8.isWord("connection") {
            for option in HTTP1Syntax.elements(field.bytes) {
                if option.isWord("close") { return false }
                if option.isWord("keep-alive") { keepsAlive = true }
            }
        }
        return keepsAlive
    }
}

/// What the fields `Transfer-Encoding` say, taken together.
private struct TransferCodings {
    /// Whether a coding other than `identity`, which once meant no coding, is named (RFC 2616 §3.6).
    private(set) var areGiven = false
    private(set) var endInChunked = false
    private var isFieldGiven = false
    private var chunkedCount = 0

    init(_ fields: [HTTPHeaderField]) {
        for field in fields where field.name.utf8.isWord("transfer-encoding") {
            isFieldGiven = true
            for coding in HTTP1Syntax.elements(field.bytes) {
                guard !coding.isEmpty, !coding.isWord("identity") else { continue }
                areGiven = true
                endInChunked = coding.isWord("chunked")
                chunkedCount += endInChunked ? 1 : 0
            }
        }
    }

    /// Whether other parsers may have found another end of the body: RFC 9112 §6.1 has the
    /// connection closed if there is a length, too, or the server speaks HTTP/1.0.
    func isAmbiguous(in head: HTTP1ResponseHead) -> Bool {
        guard isFieldGiven else { return false }
        return !endInChunked || chunkedCount > 1 || head.version == .http10
            || head.fields.contains { $0.name.utf8.isWord("content-length") }
    }
}
