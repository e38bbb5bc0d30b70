// The library's TLS contexts, made once for all connections of a kind.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import NIOSSL

/// Keeps the contexts that connections share; used on one event loop.
///
/// A context holds the parsed authorities: reading those of the system takes tens of milliseconds,
/// which is done on another thread.
final class TLSContexts {
    private struct Key: Hashable {
        var settings: TLSSettings
        var protocols: [String]
    }

    /// How many contexts are kept; more would be a program's that never asks for the same twice.
    private static let limit = 32

    private let loop: any EventLoop
    private var contexts: [Key: EventLoopFuture<NIOSSLContext>] = [:]

    init(on loop: any EventLoop) {
        self.loop = loop
    }

    /// Returns the context for connections with these settings that offer these protocols.
    ///
    /// The future fails with ``CertificateFile/Failure``, or with the library's error.
    func context(
        _ settings: TLSSettings,
        protocols: [String]
    ) -> EventLoopFuture<NIOSSLContext> {
        let key = Key(settings: settings, protocols: protocols)
        if let known = contexts[key] { return known }
        let made = NIOThreadPool.singleton.runIfActive(eventLoop: loop) {
            var configuration = try settings.configuration()
            configuration.applicationProtocols = protocols
            return try NIOSSLContext(configuration: configuration)
        }
        if contexts.count >= Self.limit { contexts = [:] }
        contexts[key] = made
        // A file that could not be read may be there the next time.
        made.assumeIsolated().whenFailure { [weak self] _ in self?.contexts[key] = nil }
        return made
    }
}
