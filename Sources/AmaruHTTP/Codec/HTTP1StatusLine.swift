// The first line of a response.
// SPDX-License-Identifier: Apache-2.0

/// A status line: version, status and reason phrase.
///
/// Words may be apart by any whitespace, as in http.client; RFC 9112 §4 allows it:
/// https://www.rfc-editor.org/rfc/rfc9112#section-4
struct HTTP1StatusLine {
    let version: HTTP1ResponseHead.Version
    let status: Int
    let reason: [UInt8]

    init(parsing line: UnsafeRawBufferPointer) throws(HTTP1Fault) {
        var rest = line[...]
        version = try Self.version(rest.removeWord(after: HTTP1Syntax.isLenientBlank))
        status = try Self.status(rest.removeWord(after: HTTP1Syntax.isLenientBlank))
        reason = Array(rest.trimmed(of: HTTP1Syntax.isLenientBlank))
        if reason.contains(HTTP1Syntax.nul) || reason.contains(HTTP1Syntax.carriageReturn) {
            throw .controlCharacter
        }
    }

    /// Refuses what cannot become a status line, before its end: a TLS alert, the greeting of a
    /// server of mail.
    static func check(beginning bytes: UnsafeRawBufferPointer) throws(HTTP1Fault) {
        // Blanks that arrive one by one are not looked at all over again.
        let beginning = bytes.prefix(64).drop(while: HTTP1Syntax.isLenientBlank).prefix(5)
        let word = beginning.prefix { $0 != HTTP1Syntax.lineFeed }
        guard "HTTP/".utf8.starts(with: word) else { throw .notHTTP }
    }

    /// Any HTTP/1 is 1.1 or 1.0 to us (RFC 9110 §2.5); 0.9, which some servers write, means 1.0.
    private static func version(
        _ word: Slice<UnsafeRawBufferPointer>
    ) throws(HTTP1Fault) -> HTTP1ResponseHead.Version {
        if word.elementsEqual("HTTP/1.0".utf8) || word.elementsEqual("HTTP/0.9".utf8) {
            return .http10
        }
        let isHTTP1 = word.count == 8 && word.starts(with: "HTTP/1.".utf8)
        guard isHTTP1, let minor = word.last, (0x31...0x39).contains(minor) else { throw .version }
        return .http11
    }

    /// Three digits; below 100 they mean nothing, and http.client and h11 refuse them.
    private static func status(_ word: Slice<UnsafeRawBufferPointer>) throws(HTTP1Fault) -> Int {
        guard word.count == 3, let status = Int(decimal: word), status >= 100 else {
            throw .status
        }
        return status
    }
}

extension Int {
    /// The value of decimal digits; nil for no digits, too many, or anything else.
    init?(decimal digits: some Collection<UInt8>) {
        self.init(digits: digits, radix: 10) { (0x30...0x39).contains($0) ? Int($0) - 0x30 : nil }
    }

    /// The value of hexadecimal digits; nil for no digits, too many, or anything else.
    init?(hexadecimal digits: some Collection<UInt8>) {
        self.init(digits: digits, radix: 16) { byte in
            switch byte {
            case 0x30...0x39: Int(byte) - 0x30
            case 0x41...0x46: Int(byte) - 0x41 + 10
            case 0x61...0x66: Int(byte) - 0x61 + 10
            default: nil
            }
        }
    }

    /// Unlike the standard library's, it takes no sign.
    private init?(
        digits: some Collection<UInt8>,
        radix: Int,
        value: (UInt8) -> Int?
    ) {
        guard !digits.isEmpty else { return nil }
        var total = 0
        for byte in digits {
            guard let digit = value(byte) else { return nil }
            let (shifted, overflows) = total.multipliedReportingOverflow(by: radix)
            let (sum, overflowsToo) = shifted.addingReportingOverflow(digit)
            guard !overflows, !overflowsToo else { return nil }
            total = sum
        }
        self = total
    }
}
