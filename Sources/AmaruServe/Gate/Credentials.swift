// Who sends a request.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import HTTPTypes
import Hummingbird

/// Finds the user of a request: programs by a token, browsers by a cookie, and never the other
/// way round.
struct Credentials: Sendable {
    private let tokens: AccessTokens
    private let logins: Logins
    private let publicPort: Int?
    private let isSecure: Bool

    init(_ configuration: ServeConfiguration, _ logins: Logins) {
        self.logins = logins
        tokens = configuration.tokens
        publicPort = configuration.publicURL?.port
        isSecure = configuration.publicURL?.isSecure == true
    }

    /// The user who sends a request.
    ///
    /// - `port`: The port that the connection came in at, which the cookie's name has.
    /// - Throws: `RequestError` if the request has no valid token or cookie.
    func owner(
        of request: Request,
        to place: RequestPlace,
        port: Int?
    ) throws(RequestError) -> String {
        guard !tokens.isEmpty, place != .asset, place != .login else {
            return AccessTokens.singleOwner
        }
        let token = place == .page ? nil : Self.token(in: request.headers)
        let cookie = place == .model ? nil : cookie(in: request.headers, port: port)
        let owner = token.flatMap(tokens.owner(of:)) ?? cookie.flatMap(logins.owner(of:))
        if let owner { return owner }
        guard place == .page else {
            throw RequestError(
                .unauthorized,
                "invalid_api_key",
                token == nil
                    ? "the request has no key: send the server's token as Authorization: Bearer"
                    : "the key is not the server's token",
                headers: [.wwwAuthenticate: "Bearer"]
            )
        }
        throw RequestError(.unauthorized, "login", "log in with the server's token first")
    }

    /// Whether a request comes from a browser that is logged in.
    func isLoggedIn(_ request: Request, port: Int?) -> Bool {
        cookie(in: request.headers, port: port).flatMap(logins.owner(of:)) != nil
    }

    /// The cookie that a login makes, as its header's value.
    func cookie(id: String, port: Int?) -> String {
        let flags = isSecure ? "; Secure" : ""
        return "\(name(port: port))=\(id); Path=/; HttpOnly; SameSite=Strict\(flags)"
    }

    /// The cookie's name, which holds the port, since all ports of a host share their cookies.
    ///
    /// Browsers refuse the prefix `__Host-` without TLS.
    private func name(port: Int?) -> String {
        "\(isSecure ? "__Host-" : "")amaru_\(publicPort ?? port ?? 0)"
    }

    private func cookie(in headers: HTTPFields, port: Int?) -> String? {
        let name = name(port: port) + "="
        let cookies = headers[values: .cookie].flatMap { $0.split(separator: ";") }
        let own = cookies.map { $0.drop { $0 == " " } }.first { $0.hasPrefix(name) }
        return own.map { String($0.dropFirst(name.count)) }
    }

    private static func token(in headers: HTTPFields) -> String? {
        guard let text = headers[.authorization] else { return headers[.apiKey] }
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1].drop { $0 == " " })
    }
}
