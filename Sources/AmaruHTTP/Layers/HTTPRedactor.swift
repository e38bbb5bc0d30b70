// Takes secrets out of what is written to files.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Replaces keys, and what may be one, in URLs, headers and texts.
struct HTTPRedactor: Sendable {
    static let replacement = "REDACTED"

    private static let headers: Set<String> = [
        "authorization", "proxy-authorization", "cookie", "set-cookie", "api-key", "x-api-key",
        "x-goog-api-key", "authentication-info", "www-authenticate",
    ]

    private static let parameters: Set<String> = [
        "key", "api_key", "apikey", "api-key", "access_token", "token", "auth", "password",
        "secret", "signature", "sig",
    ]

    /// Headers whose values are URLs.
    private static let places: Set<String> = ["location", "content-location", "referer"]

    /// The keys to look for; nil for no keys.
    let vault: SecretVault?

    func fields(_ fields: [HTTPHeaderField]) -> [[String]] {
        fields.map { field in
            let name = field.name.lowercased()
            if Self.headers.contains(name) { return [field.name, Self.replacement] }
            let value = Self.places.contains(name) ? url(field.value) : text(field.value)
            return [text(field.name), value]
        }
    }

    /// The URL without a user, and without the values of parameters that are called like keys.
    func url(_ url: String) -> String {
        let result = HTTPURLParts(text(url)).text(withUser: "")
        guard let query = result.firstIndex(of: "?") else { return result }
        let parts = result[result.index(after: query)...].split(
            separator: "&",
            omittingEmptySubsequences: false
        )
        let redacted = parts.map { part -> String in
            guard let equals = part.firstIndex(of: "="),
                Self.parameters.contains(part[..<equals].lowercased())
            else { return String(part) }
            return part[...equals] + Self.replacement
        }
        return result[...query] + redacted.joined(separator: "&")
    }

    /// The text without keys, and without their placeholders, which are other ones in each run.
    func text(_ text: String) -> String {
        String(decoding: bytes(Array(text.utf8)), as: UTF8.self)
    }

    func data(_ data: Data) -> Data { Data(bytes(Array(data))) }

    private func bytes(_ bytes: [UInt8]) -> [UInt8] {
        PlaceholderRedactor.replaced(
            vault.map { KeyRedactor.clean(bytes, of: $0.search) } ?? bytes
        )
    }
}
