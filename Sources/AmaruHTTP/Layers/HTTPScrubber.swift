// Takes secrets out of what is written to files.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Replaces what may be a key in URLs, headers and texts.
enum HTTPScrubber {
    static let replacement = "REDACTED"

    private static let headers: Set<String> = [
        "authorization", "proxy-authorization", "cookie", "set-cookie", "api-key", "x-api-key",
        "x-goog-api-key", "authentication-info", "www-authenticate",
    ]

    private static let parameters: Set<String> = [
        "key", "api_key", "apikey", "api-key", "access_token", "token", "auth", "password",
        "secret", "signature", "sig",
    ]

    static func isSecret(header name: String) -> Bool { headers.contains(name.lowercased()) }

    /// Headers whose values are URLs.
    private static let places: Set<String> = ["location", "content-location", "referer"]

    static func fields(_ fields: [HTTPHeaderField]) -> [[String]] {
        fields.map { field in
            if isSecret(header: field.name) { return [field.name, replacement] }
            let isPlace = places.contains(field.name.lowercased())
            return [field.name, isPlace ? url(field.value) : text(field.value)]
        }
    }

    /// The URL without a user, and without the values of parameters that are called like keys.
    static func url(_ url: String) -> String {
        let result = HTTPURLParts(text(url)).text(withUser: "")
        guard let query = result.firstIndex(of: "?") else { return result }
        let parts = result[result.index(after: query)...].split(
            separator: "&",
            omittingEmptySubsequences: false
        )
        let scrubbed = parts.map { part -> String in
            guard let equals = part.firstIndex(of: "="),
                parameters.contains(part[..<equals].lowercased())
            else { return String(part) }
            return part[...equals] + replacement
        }
        return result[...query] + scrubbed.joined(separator: "&")
    }

    /// The text without the placeholders of keys, which are other ones in each run.
    static func text(_ text: String) -> String {
        String(decoding: bytes(Array(text.utf8)), as: UTF8.self)
    }

    static func data(_ data: Data) -> Data { Data(bytes(Array(data))) }

    private static func bytes(_ bytes: [UInt8]) -> [UInt8] {
        let prefix = Array(SecretVault.placeholderPrefix.utf8)
        let length = prefix.count + 32
        guard bytes.count >= length, let first = prefix.first else { return bytes }
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let isPlaceholder =
                bytes[index] == first && index + length <= bytes.count
                && bytes[index...].starts(with: prefix)
            if isPlaceholder {
                result += replacement.utf8
                index += length
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }
}
