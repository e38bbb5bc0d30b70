// The network as Python sees it: the module `_amaru_http`.
// SPDX-License-Identifier: Apache-2.0

public import Amaru
import NIOConcurrencyHelpers

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Gives a backend to Python code as the module `_amaru_http`.
///
/// Exchanges and pools are numbers there, and everything that crosses is a plain value: the
/// transports on top are Python. Its types are in `_amaru_http.pyi`.
public final class HTTPModule: Sendable {
    let exchanges = NIOLockedValueBox(NumberedTable<any HTTPExchange>())
    private let backend: any HTTPBackend
    private let pools = NIOLockedValueBox(NumberedTable<HTTPConnectionPool>())

    /// Creates the module's state around a backend.
    public init(_ backend: any HTTPBackend) {
        self.backend = backend
    }

    /// The module, to be registered once.
    public var module: PythonModule {
        PythonModule("_amaru_http", documentation: "The HTTP core of the host.") {
            PythonExceptionClass(
                "TransferError",
                documentation: """
                    An exchange that failed. code is one of the core's; reason says what lies
                    beneath it, if that is known: "system", "unknown_host", "tls", "certificate",
                    "early_end" or "not_recorded"; number is the errno of "system" or the
                    verify_code of "certificate"; origin is what the request was for, or None.
                    """,
                attributes: ["code", "message", "reason", "number", "origin"],
                text: "{message}"
            )
            openingFunction
            PythonFunction(
                "warm_up",
                documentation: "Gets ready for a first request over TLS, on other threads."
            ) { [backend] () -> Void in
                Task { await backend.warmUp() }
            }
            PythonFunction(
                "cancel",
                .positional("exchange"),
                documentation:
                    "Aborts an exchange. Synchronous, idempotent, also for an unknown id."
            ) { [self] (id: Int) in cancel(id) }
            PythonFunction(
                "closed",
                .positional("exchange"),
                documentation: "Resolves when everything that the exchange held is released."
            ) { [self] (id: Int) async in await closed(id) }
            PythonFunction(
                "timings",
                .positional("exchange"),
                documentation:
                    "Seconds since the exchange was opened, by step: admitted, connected, "
                    + "request_sent, first_byte, ended."
            ) { [self] (id: Int) in timings(id) }
            PythonFunction(
                "in_flight",
                documentation: "The number of exchanges that hold anything."
            ) { [self] () in exchanges.withLockedValue { $0.count } }
            PythonFunction(
                "codes",
                documentation: "Every code that a TransferError may have."
            ) { () in HTTPTransferError.Code.allCases.map(\.name) }
            poolFunction
            PythonFunction(
                "close_pool",
                .positional("pool"),
                documentation: "Forgets a pool; exchanges that use it go on."
            ) { [self] (id: Int) in
                pools.withLockedValue { _ = $0.remove(id) }
            }
            for function in placeFunctions { function }
            for function in streamFunctions { function }
            for function in securingFunctions { function }
            for function in awaitableFunctions { function }
            for function in blockingFunctions { function }
        }
    }

    private var openingFunction: PythonFunction {
        PythonFunction(
            "open",
            .positional("method"),
            .positional("url"),
            .positional("headers"),
            .positional("body"),
            .positional("upload"),
            .positional("timeouts"),
            .positional("options", default: nil),
            documentation: """
                Starts an exchange and returns its id. Never blocks.

                headers is flat: name, value, name, value, in order, duplicates kept. timeouts may
                hold connect, pool, write and read, in seconds; a missing one is no limit. With
                upload the body is sent by write and finish.

                Options say how the connection is made; an unknown one, or one of a wrong type, is
                a TypeError. verify (bool, or "no-name" for any name), ca_file, ca_dir, ca_certs,
                cert_file, key_file, key_password, proxy (a URL, "" for none), uds, sni, http2,
                target (bytes in place of the path and query), pool, tls_minimum and tls_maximum
                ("TLSv1.2" and the like), ciphers (OpenSSL's names, by colons), local_address,
                socket_options (level, name, value, level, name, value, as numbers).
                """
        ) {
            [self]
            (
                method: String,
                url: String,
                headers: [Data],
                body: Data?,
                upload: Bool,
                timeouts: [String: Double],
                options: [String: HTTPOptionValue]?
            ) throws -> Int in
            var request = HTTPTransferRequest(method: method, url: url)
            request.headers = try HTTPHeaderField.fields(fromFlat: headers)
            request.body = upload ? .upload : body.map { .data($0) } ?? .none
            request.timeouts = try HTTPTimeouts(seconds: timeouts)
            if let options { try apply(options, to: &request) }
            let exchange = backend.open(request)
            return exchanges.withLockedValue { $0.add(exchange) }
        }
    }

    /// Those about where connections may go, and do.
    private var placeFunctions: [PythonFunction] {
        let stack = backend as? HTTPStack
        return [
            PythonFunction(
                "allow_option",
                documentation: "How the user allows one more origin; None if all are allowed."
            ) { () -> String? in stack?.allowed?.option },
            PythonFunction(
                "allows",
                .positional("host"),
                .positional("port"),
                documentation: "Whether the user's list names a place; True if there is no list."
            ) { (host: String, port: Int) in
                stack?.allowed?.allows(host: host.lowercased(), port: port) ?? true
            },
            PythonFunction(
                "allows_socket",
                .positional("path"),
                documentation: """
                    Whether the user's list names a Unix socket; True if there is no list.
                    """
            ) { (path: String) in stack?.allowed?.allows(socket: path) ?? true },
            PythonFunction(
                "run_option",
                documentation: "How the user lets programs be started; None if they may be."
            ) { () -> String? in stack?.runOption },
            PythonFunction(
                "destination",
                .positional("origin"),
                documentation: """
                    The origin that requests for an origin are sent to; None if there is no network.
                    """
            ) { [backend] (text: String) throws -> String? in
                guard stack?.hasNetwork ?? true else { return nil }
                guard let origin = try? HTTPOrigin(parsing: text) else { return text }
                return backend.destination(of: origin).description
            },
        ]
    }

    private var poolFunction: PythonFunction {
        PythonFunction(
            "pool",
            .positional("max_connections", default: nil),
            .positional("keepalive_expiry", default: nil),
            .positional("max_keepalive", default: nil),
            documentation: "Makes a pool of connections with limits of its own; returns its id."
        ) { [self] (limit: Int?, expiry: Double?, idle: Int?) throws -> Int in
            let pool = try HTTPConnectionPool(limit: limit, expiry: expiry, idle: idle)
            return pools.withLockedValue { $0.add(pool) }
        }
    }

    private func apply(
        _ options: [String: HTTPOptionValue],
        to request: inout HTTPTransferRequest
    ) throws {
        var reader = HTTPOptionReader(options)
        try reader.apply(to: &request)
        if let id = try reader.integer("pool") {
            guard let pool = pools.withLockedValue({ $0[id] }) else {
                let message = "there is no pool \(id), or it is closed; make one with pool()"
                throw HTTPTransferError(.localProtocol, message)
            }
            request.pool = pool
        }
        try reader.refuseOthers()
    }

    func exchange(_ id: Int) throws(HTTPTransferError) -> any HTTPExchange {
        guard let exchange = exchanges.withLockedValue({ $0[id] }) else {
            throw HTTPTransferError(.cancelled, "the exchange is closed already")
        }
        return exchange
    }

    func cancel(_ id: Int) {
        exchanges.withLockedValue { $0[id] }?.cancel()
        forgetWhenClosed(id)
    }

    /// Lets a number go that nobody needs to close; until then `closed` can be awaited.
    func forgetWhenClosed(_ id: Int) {
        guard let exchange = exchanges.withLockedValue({ $0[id] }) else { return }
        exchange.whenClosed { [self] in exchanges.withLockedValue { _ = $0.remove(id) } }
    }

    private func closed(_ id: Int) async {
        guard let exchange = exchanges.withLockedValue({ $0[id] }) else { return }
        await exchange.closed()
        exchanges.withLockedValue { _ = $0.remove(id) }
    }

    private func timings(_ id: Int) -> [String: Double] {
        let timings = exchanges.withLockedValue { $0[id] }?.timings ?? HTTPExchangeTimings()
        guard let opened = timings.opened else { return [:] }
        let moments = [
            "admitted": timings.admitted, "connected": timings.connected,
            "request_sent": timings.requestSent, "first_byte": timings.firstByte,
            "ended": timings.ended,
        ]
        return moments.compactMapValues { moment in
            moment.map { (opened.duration(to: $0)) / .seconds(1) }
        }
    }
}

/// What Python code knows by number.
struct NumberedTable<Value: Sendable>: Sendable {
    private var values: [Int: Value] = [:]
    private var last = 0

    var count: Int { values.count }

    subscript(id: Int) -> Value? { values[id] }

    mutating func add(_ value: Value) -> Int {
        last += 1
        values[last] = value
        return last
    }

    mutating func remove(_ id: Int) -> Value? {
        values.removeValue(forKey: id)
    }
}

extension HTTPHeaderField {
    /// The fields of a flat list: name, value, name, value.
    static func fields(fromFlat flat: [Data]) throws(HTTPTransferError) -> [HTTPHeaderField] {
        guard flat.count.isMultiple(of: 2) else {
            throw HTTPTransferError(.localProtocol, "a header has a name without a value")
        }
        return stride(from: 0, to: flat.count, by: 2).map { index in
            HTTPHeaderField(
                String(decoding: flat[index], as: UTF8.self),
                bytes: Array(flat[index + 1])
            )
        }
    }
}

extension HTTPTimeouts {
    /// The limits that a dictionary in seconds names; the others are unlimited.
    ///
    /// - Throws: If a limit is negative or not finite.
    init(seconds: [String: Double]) throws(HTTPValueError) {
        func limit(_ name: String) throws(HTTPValueError) -> Duration? {
            guard let limit = seconds[name] else { return nil }
            guard limit.isFinite, limit >= 0 else {
                throw HTTPValueError(
                    "the time-out \"\(name)\" is \(limit); it must be a finite number of seconds, "
                        + "0 or more (leave it out for no limit)"
                )
            }
            return Duration(bounded: limit)
        }
        self.init(
            connect: try limit("connect"),
            pool: try limit("pool"),
            write: try limit("write"),
            read: try limit("read")
        )
    }
}

extension HTTPConnectionPool {
    /// The pool that Python code asks for.
    ///
    /// - Throws: If it could never carry a request, or `expiry` is no number.
    convenience init(limit: Int?, expiry: Double?, idle: Int?) throws(HTTPValueError) {
        if let limit, limit < 1 {
            throw HTTPValueError(
                "max_connections is \(limit); it must be 1 or more, or None for no limit"
            )
        }
        if let expiry, expiry.isNaN {
            throw HTTPValueError("keepalive_expiry is nan; it must be a number of seconds or None")
        }
        self.init(
            maximumConnections: limit ?? .max,
            maximumIdleConnections: idle ?? .max,
            idleLifetime: expiry.flatMap { Duration(bounded: $0) }
        )
    }
}

extension HTTPTransferError: PythonExceptionConvertible {
    /// The class that the module declares.
    public var pythonExceptionType: String { "_amaru_http.TransferError" }

    /// The code's name, the message, and the facts: the reason's name, its number, the origin.
    public var pythonExceptionArguments: [any ConvertibleToPython & Sendable] {
        [code.name, message, reason?.name, reason?.number, origin?.description]
    }
}
