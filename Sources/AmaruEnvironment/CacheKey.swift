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

    /// The name of what was made with an interpreter, and so is for its machine alone.
    ///
    /// - `kind`: What it is, and the version of its format.
    /// - `parts`: What else it was made from.
    static func make(
        _ kind: String,
        with interpreter: PythonInterpreterInfo,
        _ parts: [[String]] = []
    ) -> String {
        make([[kind, interpreter.path, interpreter.version, interpreter.machine]] + parts)
    }
}
