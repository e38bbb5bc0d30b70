// The browsers that are logged in.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment

/// Logins of browsers, each by a random id in a cookie, which is kept as a digest alone.
///
/// The cookie is not the token: every server of this machine gets the cookies of its host,
/// whatever the port. https://www.rfc-editor.org/rfc/rfc6265#section-8.5
package final class Logins: Sendable {
    private struct State {
        var logins: [String: (owner: String, seen: ContinuousClock.Instant)] = [:]
        /// The codes of links that log in once.
        var codes: [String: (owner: String, until: ContinuousClock.Instant)] = [:]
    }

    private let tokens: AccessTokens
    private let limit: Int
    private let state = Lock(State())

    /// How long a link can be used.
    private static let codeLife = Duration.seconds(600)

    init(_ tokens: AccessTokens, limit: Int) {
        self.tokens = tokens
        self.limit = limit
    }

    /// Makes a code that logs in once, in place of the token.
    package func makeCode(for owner: String) -> String {
        let code = AccessTokens.random()
        let until = ContinuousClock.now + Self.codeLife
        state.withLock { $0.codes[Self.digest(code)] = (owner, until) }
        return code
    }

    /// Logs a browser in.
    ///
    /// - `token`: A token, or a code that was not used.
    /// - Returns: The id for its cookie; nil if the token is invalid.
    func login(with token: String) -> String? {
        let digest = Self.digest(token)
        let code = state.withLock { $0.codes.removeValue(forKey: digest) }
        let owner = code.flatMap { $0.until > .now ? $0.owner : nil } ?? tokens.owner(of: token)
        guard let owner else { return nil }
        let id = AccessTokens.random()
        state.withLock { state in
            state.logins[Self.digest(id)] = (owner, .now)
            // Nobody's logins make those of another user end.
            let own = state.logins.filter { $0.value.owner == owner }
            guard own.count > limit,
                let oldest = own.min(by: { $0.value.seen < $1.value.seen })
            else { return }
            state.logins[oldest.key] = nil
        }
        return id
    }

    /// The user who is logged in under an id; nil if the id is unknown.
    func owner(of id: String) -> String? {
        let digest = Self.digest(id)
        return state.withLock { state in
            state.logins[digest]?.seen = .now
            return state.logins[digest]?.owner
        }
    }

    private static func digest(_ text: String) -> String { SHA256.hex(text.utf8.prefix(4096)) }
}
