// What a server grants to all of its clients.
// SPDX-License-Identifier: Apache-2.0

/// The bounds on what clients may take.
package struct ServeLimits: Sendable, Equatable {
    /// The number of connections; further ones wait to be accepted.
    package var connections = 4096
    /// How long a connection may take for a request, or stay open without one.
    package var idleTimeout = Duration.seconds(60)
    /// How long a body may take as a whole.
    package var bodyTimeout = Duration.seconds(120)
    /// How long a client may take nothing of an answer that is there.
    package var stallTimeout = Duration.seconds(30)
    /// The longest body of a login, in bytes: anybody may send one.
    package var loginBody = 16 << 10
    /// The longest body of a request by the page, in bytes.
    package var pageBody = 1 << 20
    /// The longest body of a request to `/v1`, in bytes: pictures come as `data:` URLs.
    package var modelBody = 32 << 20
    /// How many bodies longer than those of the page are held at a time.
    package var largeBodies = 8
    /// How deep arrays and objects may be nested in a body.
    package var jsonDepth = 64
    /// How long open answers may take to end when the server ends.
    package var grace = Duration.seconds(3)

    package init() {}
}
