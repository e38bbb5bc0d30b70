// Parts of URLs as what they stand for.
// SPDX-License-Identifier: Apache-2.0

extension Substring {
    /// The text without its percent escapes; as it is if one is malformed, or the bytes are not
    /// UTF-8.
    package var percentDecoded: String {
        var bytes: [UInt8] = []
        var rest = utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.first != UInt8(ascii: "+"),
                let decoded = UInt8(Substring(digits), radix: 16)
            else { return String(self) }
            bytes.append(decoded)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self) ?? String(self)
    }
}
