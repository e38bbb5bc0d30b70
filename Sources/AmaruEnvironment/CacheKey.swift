// Names of what is cached, made from what it holds.
// SPDX-License-Identifier: Apache-2.0

/// A name in the cache: equal for equal parts, and for no others.
package enum CacheKey {
    /// The name of something made from lists of texts.
    package static func make(_ parts: [[String]]) -> String {
        // Counted, so that neither a text nor a list runs into the next one.
        let counted = parts.flatMap { ["\($0.count)"] + $0.map { "\($0.utf8.count):\($0)" } }
        return String(SHA256.hex(counted.joined(separator: "\n").utf8).prefix(32))
    }
}
