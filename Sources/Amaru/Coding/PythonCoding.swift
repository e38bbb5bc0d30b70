// How Codable values become Python objects.
// SPDX-License-Identifier: Apache-2.0

/// The options of encoding to and decoding from Python objects.
///
/// ```swift
/// let coding = PythonCoding(keys: .snakeCase)
/// let options = try Python.encode(request, coding: coding)    // {'max_tokens': 100}
/// let answer = try Python.decode(Answer.self, from: object, coding: coding)
/// ```
public struct PythonCoding: Sendable {
    /// How the keys of Swift are spelled in Python.
    public var keys: KeyStrategy
    /// How deeply values may be nested; what refers to itself ends here.
    public var depthLimit: Int

    /// Creates options.
    public init(keys: KeyStrategy = .unchanged, depthLimit: Int = 256) {
        self.keys = keys
        self.depthLimit = depthLimit
    }

    /// A way to spell keys; the keys of dictionaries are values and stay as they are.
    public struct KeyStrategy: Sendable {
        /// Spells a key of Swift in Python.
        let encode: @Sendable (String) -> String
        /// Spells a key of Python in Swift: for types that ask which keys there are.
        let decode: @Sendable (String) -> String

        /// The same in both.
        public static let unchanged = KeyStrategy(toPython: { $0 }, toSwift: { $0 })

        /// `maxTokens` in Swift, `max_tokens` in Python; `baseURL` is `base_url`.
        ///
        /// Decoding spells each key of Swift in Python's way too, so acronyms find their attribute.
        public static let snakeCase = KeyStrategy(toPython: snakeCased, toSwift: camelCased)

        /// A spelling of one's own; each function is called often, on any thread.
        public static func custom(
            toPython encode: @escaping @Sendable (String) -> String,
            toSwift decode: @escaping @Sendable (String) -> String
        ) -> KeyStrategy {
            KeyStrategy(toPython: encode, toSwift: decode)
        }

        private init(
            toPython encode: @escaping @Sendable (String) -> String,
            toSwift decode: @escaping @Sendable (String) -> String
        ) {
            self.encode = encode
            self.decode = decode
        }
    }
}

/// Puts an underscore before each word: a capital after a small letter, or before one.
@Sendable
private func snakeCased(_ key: String) -> String {
    let letters = Array(key)
    var result = ""
    for (index, letter) in letters.enumerated() {
        if letter.isUppercase, index > 0, letters[index - 1] != "_" {
            let followsSmall = !letters[index - 1].isUppercase
            let leadsSmall = index + 1 < letters.count && letters[index + 1].isLowercase
            if followsSmall || leadsSmall { result += "_" }
        }
        result += letter.lowercased()
    }
    return result
}

/// Makes a capital of each letter after an underscore; underscores around the name stay.
@Sendable
private func camelCased(_ key: String) -> String {
    let start = key.prefix { $0 == "_" }
    let words = key.dropFirst(start.count).split(separator: "_")
    let end = String(key.reversed().prefix { $0 == "_" })
    guard let first = words.first else { return key }
    let others = words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }
    return start + first + others.joined() + end
}
