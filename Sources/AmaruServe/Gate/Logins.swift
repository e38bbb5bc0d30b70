// The browsers that are logged in.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment

/// Logins of browsers, each by a random id in a cookie, which the user's token has signed: it holds
/// on every server with that token, and until the token is another one.
///
/// The cookie is not the token: every server of this machine gets the cookies of its host,
/// whatever the port. https://www.rfc-editor.org/rfc/rfc6265#section-8.5
package final class Logins: Sendable {
    private typealias Code = (owner: String, until: ContinuousClock.Instant)

    private let tokens: AccessTokens
    /// The codes of links that log in once, by their digests.
    private let codes = Lock([String: Code]())

    /// How long a link can be used.
    private static let codeLife = Duration.seconds(600)

    init(_ tokens: AccessTokens) { self.tokens = tokens }

    /// Makes a code that logs in once, in place of the token.
    package func makeCode(for owner: String) -> String {
        let code = AccessTokens.random()
        let until = ContinuousClock.now + Self.codeLife
        codes.withLock { $0[Self.digest(code)] = (owner, until) }
        return code
    }

    /// Logs a browser in.
    ///
    /// - `token`: A token, or a code that was not used.
    /// - Returns: The id for its cookie; nil if the token is invalid.
    func login(with token: String) -> String? {
        let digest = Self.digest(token)
        let code = codes.withLock { $0.removeValue(forKey: digest) }
        let owner = code.flatMap { $0.until > .now ? $0.owner : nil } ?? tokens.owner(of: token)
        return owner.flatMap(tokens.makeLogin)
    }

    /// The user who is logged in under an id; nil if the id is unknown.
    func owner(of id: String) -> String? { tokens.owner(ofLogin: id) }

    private static func digest(_ text: String) -> String { SHA256.hex(text.utf8.prefix(4096)) }
}
