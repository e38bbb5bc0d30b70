// The tokens that let users in.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment

/// The users and their tokens; empty if no token is required.
package struct AccessTokens: Sendable {
    private struct Entry {
        let owner: String
        let token: [UInt8]
    }

    private var entries: [Entry] = []

    /// The fewest characters that a token has.
    package static let shortest = 16
    private static let longest = 4096
    /// The user of a server that has a single token, or none.
    package static let singleOwner = "local"

    /// Creates an empty set: anyone who can reach the server may use it.
    package init() {}

    /// Reads tokens: one alone, or lines of `NAME:TOKEN` for several users.
    ///
    /// - `source`: Where the text comes from, for messages.
    /// - Throws: `ServeError` that names the source, and never a token.
    package init(parsing text: String, from source: String) throws(ServeError) {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmed }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
        guard !lines.isEmpty else { throw ServeError("\(source) holds no token.") }
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmed }
            guard lines.count > 1 else {
                try add(line, for: Self.singleOwner, from: source)
                continue
            }
            guard parts.count == 2, !parts[0].isEmpty, parts[0].count <= 64 else {
                throw ServeError(
                    "\(source): of several tokens each needs a name: write NAME:TOKEN in each line."
                )
            }
            guard parts[0] != Self.singleOwner else {
                throw ServeError("\(source): the name \(parts[0]) is taken: choose another one.")
            }
            guard !entries.contains(where: { $0.owner == parts[0] }) else {
                throw ServeError("\(source): there are two tokens for \(parts[0]).")
            }
            guard owner(of: parts[1]) == nil else {
                throw ServeError("\(source): two users have the same token.")
            }
            try add(parts[1], for: parts[0], from: source)
        }
    }

    private mutating func add(
        _ token: String,
        for owner: String,
        from source: String
    ) throws(ServeError) {
        let bytes = Array(token.utf8)
        guard bytes.count >= Self.shortest else {
            throw ServeError(
                "\(source): a token has at least \(Self.shortest) characters. A good one comes "
                    + "from: openssl rand -hex 16"
            )
        }
        guard bytes.count <= Self.longest, bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ServeError(
                "\(source): a token is one word of at most \(Self.longest) ASCII characters."
            )
        }
        entries.append(Entry(owner: owner, token: bytes))
    }

    /// Returns a random token of 128 bits.
    package static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<32).map { _ in String(UInt8.random(in: 0..<16, using: &generator), radix: 16) }
            .joined()
    }

    /// Whether no token is required.
    package var isEmpty: Bool { entries.isEmpty }

    /// The users who have a token.
    package var owners: [String] { entries.map(\.owner) }

    /// The user that a token belongs to; nil if the token is unknown.
    ///
    /// The time that it takes does not depend on how much of a token is right.
    func owner(of token: String) -> String? {
        let given = Array(token.utf8.prefix(Self.longest))
        return entries.last { Self.areEqual(given, $0.token) }?.owner
    }

    private static func areEqual(_ given: [UInt8], _ expected: [UInt8]) -> Bool {
        var difference = given.count ^ expected.count
        for (index, byte) in expected.enumerated() {
            difference |= Int(byte ^ (index < given.count ? given[index] : 0))
        }
        return difference == 0
    }

    // MARK: Logins

    /// Makes the id of a login, which the user's token has signed; nil if there is no such user.
    func makeLogin(of owner: String) -> String? {
        let nonce = Self.random()
        let entry = entries.first { $0.owner == owner }
        return entry.map { "\(nonce).\(Self.signature(of: nonce, $0))" }
    }

    /// The user whose token has signed a login; nil if none has.
    func owner(ofLogin id: String) -> String? {
        let parts = id.prefix(128).split(separator: ".")
        guard parts.count == 2 else { return nil }
        let given = Array(parts[1].utf8)
        return entries.last {
            Self.areEqual(given, Array(Self.signature(of: parts[0], $0).utf8))
        }?.owner
    }

    private static func signature(of nonce: some StringProtocol, _ entry: Entry) -> String {
        SHA256.authenticate("amaru login \(nonce)".utf8, key: entry.token)
    }
}
