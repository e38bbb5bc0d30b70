// Why a server does not start.
// SPDX-License-Identifier: Apache-2.0

import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What keeps a server from starting: a sentence for the user.
package struct ServeError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, and what to do.
    package let description: String

    init(_ description: String) { self.description = description }

    /// What an address that cannot be bound means.
    static func binding(_ host: String, _ port: Int, _ error: any Error) -> ServeError {
        let place = "the port \(port) of \(host)"
        if error is SocketAddressError.UnknownHost {
            return ServeError("\(host) is not a known name: name an address with --host.")
        }
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE:
            return ServeError(
                "\(place) is taken by another program: name another one with --port, or let the "
                    + "system choose with --port 0."
            )
        case EACCES:
            return ServeError(
                "\(place) is for root only: name one from 1024 with --port."
            )
        case EADDRNOTAVAIL:
            return ServeError(
                "\(host) is not an address of this machine: name one with --host, or 0.0.0.0 for "
                    + "all of them."
            )
        case EMFILE, ENFILE:
            return ServeError("no more files can be opened: raise the limit (ulimit -n).")
        default:
            return ServeError("\(place) cannot be opened: \(error)")
        }
    }
}
