// Names of header fields that the library of HTTP's types does not have.
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

extension HTTPField.Name {
    static let apiKey = named("x-api-key")
    static let crossOriginOpenerPolicy = named("Cross-Origin-Opener-Policy")
    static let permissionsPolicy = named("Permissions-Policy")
    static let referrerPolicy = named("Referrer-Policy")
    /// https://w3c.github.io/webappsec-fetch-metadata/
    static let secFetchSite = named("Sec-Fetch-Site")
    /// What a second `Host` becomes; the first one is the request's authority.
    static let secondHost = named("Host")

    private static func named(_ name: String) -> HTTPField.Name {
        guard let made = HTTPField.Name(name) else {
            preconditionFailure("\(name) is a token, as names have to be")
        }
        return made
    }
}
