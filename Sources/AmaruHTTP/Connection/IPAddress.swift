// IP addresses as bytes.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

enum IPAddress {
    /// Returns the 4 or 16 bytes of an address in its usual form; nil for anything else.
    ///
    /// The zone of an IPv6 address, after `%`, is not part of the bytes (RFC 4007 §11).
    static func bytes(_ text: String) -> [UInt8]? {
        if let zone = text.firstIndex(of: "%") {
            return parsed(String(text[..<zone]), family: AF_INET6, count: 16)
        }
        return parsed(text, family: AF_INET, count: 4) ?? parsed(text, family: AF_INET6, count: 16)
    }

    /// Whether two addresses of one kind have the first so many bits in common.
    static func share(_ left: [UInt8], _ right: [UInt8], bits: Int) -> Bool {
        let whole = bits / 8
        guard left.prefix(whole) == right.prefix(whole) else { return false }
        let rest = bits % 8
        return rest == 0 || (left[whole] ^ right[whole]) >> (8 - rest) == 0
    }

    private static func parsed(_ text: String, family: CInt, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }
}
