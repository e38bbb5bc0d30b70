// Reads the options of a request that Python code gave.
// SPDX-License-Identifier: Apache-2.0

import Amaru

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Takes options out of a dictionary one by one, so that what is left is unknown.
struct HTTPOptionReader {
    private var options: [String: HTTPOptionValue]

    init(_ options: [String: HTTPOptionValue]) {
        self.options = options
    }

    mutating func apply(to request: inout HTTPTransferRequest) throws {
        try applyTrust(to: &request.connection)
        if let chain = try text("cert_file") {
            request.connection.clientCertificate = .init(
                chainFile: chain,
                keyFile: try text("key_file"),
                password: try text("key_password")
            )
        }
        if let proxy = try text("proxy") {
            request.connection.proxy =
                proxy.isEmpty ? .direct : .proxy(try HTTPProxy(parsing: proxy))
        }
        request.connection.unixSocket = try text("uds")
        request.connection.serverName = try text("sni")
        request.connection.allowsHTTP2 = try bool("http2") ?? false
        request.connection.localAddress = try text("local_address")
        request.connection.socketOptions = try socketOptions()
        request.connection.cipherSuites = try text("ciphers")?.split(separator: ":").map {
            String($0)
        }
        request.connection.maximumTLSVersion = try tlsVersion("tls_maximum")
        if let oldest = try tlsVersion("tls_minimum") {
            request.connection.minimumTLSVersion = oldest
        }
        if let target = try bytes("target") {
            request.target = String(decoding: target, as: UTF8.self)
        }
    }

    private mutating func applyTrust(to connection: inout HTTPConnectionOptions) throws {
        switch options.removeValue(forKey: "verify") {
        case nil, .bool(true): break
        case .bool(false): connection.verification = .none
        case .text("no-name"): connection.verification = .withoutName
        case let other?: throw wrong("verify", other, "True, False or \"no-name\"")
        }
        if let path = try text("ca_file") { connection.trust = .file(path) }
        if let path = try text("ca_dir") { connection.trust = .directory(path) }
        switch options.removeValue(forKey: "ca_certs") {
        case nil: break
        case .list(let certificates): connection.trust = .certificates(certificates)
        case .numbers(let none) where none.isEmpty: connection.trust = .certificates([])
        case let other?: throw wrong("ca_certs", other, "list[bytes]")
        }
    }

    /// Refuses what nobody has asked for.
    func refuseOthers() throws {
        guard let name = options.keys.min() else { return }
        throw HTTPTypeError("open() has no option \"\(name)\"")
    }

    mutating func integer(_ name: String) throws -> Int? {
        switch options.removeValue(forKey: name) {
        case nil: nil
        case .integer(let value): value
        case let other?: throw wrong(name, other, "int")
        }
    }

    private mutating func text(_ name: String) throws -> String? {
        switch options.removeValue(forKey: name) {
        case nil: nil
        case .text(let value): value
        case let other?: throw wrong(name, other, "str")
        }
    }

    private mutating func tlsVersion(
        _ name: String
    ) throws -> HTTPConnectionOptions.TLSVersion? {
        guard let text = try text(name) else { return nil }
        guard let version = HTTPConnectionOptions.TLSVersion(rawValue: text) else {
            throw HTTPTypeError("the option \"\(name)\" of open() is not a version of TLS")
        }
        return version
    }

    /// Reads level, name and value of each option, one after the other.
    private mutating func socketOptions() throws -> [HTTPConnectionOptions.SocketOption] {
        let name = "socket_options"
        let numbers: [Int]
        switch options.removeValue(forKey: name) {
        case nil: return []
        case .numbers(let value): numbers = value
        case let other?: throw wrong(name, other, "list[int]")
        }
        let fitting = numbers.compactMap(Int32.init(exactly:))
        guard fitting.count == numbers.count, fitting.count.isMultiple(of: 3) else {
            throw HTTPTypeError("the option \"\(name)\" of open() is not threes of C's int")
        }
        return stride(from: 0, to: fitting.count, by: 3).map {
            .init(level: fitting[$0], name: fitting[$0 + 1], value: fitting[$0 + 2])
        }
    }

    private mutating func bool(_ name: String) throws -> Bool? {
        switch options.removeValue(forKey: name) {
        case nil: nil
        case .bool(let value): value
        case let other?: throw wrong(name, other, "bool")
        }
    }

    private mutating func bytes(_ name: String) throws -> Data? {
        switch options.removeValue(forKey: name) {
        case nil: nil
        case .bytes(let value): value
        case let other?: throw wrong(name, other, "bytes")
        }
    }

    private func wrong(_ name: String, _ value: HTTPOptionValue, _ right: String) -> HTTPTypeError {
        HTTPTypeError("the option \"\(name)\" of open() is \(right), not \(value.kind)")
    }
}

/// A wrong argument, raised as Python's own `TypeError`.
struct HTTPTypeError: Error, PythonExceptionConvertible {
    let message: String

    init(_ message: String) {
        self.message = message
    }

    var pythonExceptionType: String { "builtins.TypeError" }
    var pythonExceptionArguments: [any ConvertibleToPython & Sendable] { [message] }
}

/// An argument of the right type that makes no sense, raised as Python's own `ValueError`.
struct HTTPValueError: Error, PythonExceptionConvertible {
    let message: String

    init(_ message: String) {
        self.message = message
    }

    var pythonExceptionType: String { "builtins.ValueError" }
    var pythonExceptionArguments: [any ConvertibleToPython & Sendable] { [message] }
}
