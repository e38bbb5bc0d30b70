// Names of header fields that the library of HTTP's types does not have.
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

extension HTTPField.Name {
    /// Tells nginx to pass on a stream without buffering it.
    static let accelBuffering = named("X-Accel-Buffering")
    static let apiKey = named("x-api-key")
    static let crossOriginOpenerPolicy = named("Cross-Origin-Opener-Policy")
    /// Identifies a request that is sent again.
    static let idempotencyKey = named("Idempotency-Key")
    static let lastEventID = named("Last-Event-ID")
    static let permissionsPolicy = named("Permissions-Policy")
    static let referrerPolicy = named("Referrer-Policy")
    /// Identifies a request in the SDK's messages.
    static let requestID = named("x-request-id")
    // https://w3c.github.io/webappsec-fetch-metadata/
    static let secFetchSite = named("Sec-Fetch-Site")
    /// What a second `Host` becomes; the first one is the request's authority.
    static let secondHost = named("Host")
    /// Tells the SDK whether to send a request again, whatever its status.
    static let shouldRetry = named("x-should-retry")

    private static func named(_ name: String) -> HTTPField.Name {
        guard let made = HTTPField.Name(name) else {
            preconditionFailure("\(name) is a token, as names have to be")
        }
        return made
    }
}
