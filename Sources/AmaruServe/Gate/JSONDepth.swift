// How deep the values of a JSON text are nested.
// SPDX-License-Identifier: Apache-2.0

/// Measures JSON without reading it, before a parser does that goes down by recursion.
enum JSONDepth {
    /// The most arrays and objects that are open at a time, in a text that may be malformed.
    static func of(_ bytes: some Sequence<UInt8>) -> Int {
        var (depth, deepest) = (0, 0)
        var (isText, isEscaped) = (false, false)
        for byte in bytes {
            if isEscaped {
                isEscaped = false
            } else if isText {
                if byte == UInt8(ascii: "\\") { isEscaped = true }
                if byte == UInt8(ascii: "\"") { isText = false }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isText = true
                case UInt8(ascii: "["), UInt8(ascii: "{"):
                    depth += 1
                    deepest = max(deepest, depth)
                case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
                default: break
                }
            }
        }
        return deepest
    }
}
