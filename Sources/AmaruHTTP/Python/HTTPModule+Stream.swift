// What `_amaru_http` says of the connection of an exchange, and of one that has left HTTP.
// SPDX-License-Identifier: Apache-2.0

import Amaru

extension HTTPModule {
    /// Those about the connection that carries an exchange.
    var streamFunctions: [PythonFunction] {
        [
            PythonFunction(
                "addresses",
                .positional("exchange"),
                documentation: """
                    The addresses of the connection, here and at the server: each a host and a port,
                    the path of a Unix socket, or None.
                    """
            ) { [self] (id: Int) -> PythonTuple in
                let ends = known(id)?.ends
                return PythonTuple(Address(ends?.local), Address(ends?.remote))
            },
            PythonFunction(
                "readable",
                .positional("exchange"),
                documentation: "Whether a read would return at once, if only with the end."
            ) { [self] (id: Int) in known(id)?.arrival != .nothing },
            PythonFunction(
                "limit",
                .positional("exchange"),
                .positional("operation"),
                .positional("seconds"),
                documentation: """
                    Limits each "read" or "write" that begins after this, once the connection has
                    left HTTP; None is no limit, as at first. A read that takes longer is an error
                    and nothing more; a write that does ends the exchange.
                    """
            ) { [self] (id: Int, operation: String, seconds: Double?) throws in
                guard let operation = HTTPStreamOperation(named: operation) else {
                    let message = "limit() knows \"read\" and \"write\", not \"\(operation)\""
                    throw HTTPTypeError(message)
                }
                let limits = try HTTPTimeouts(seconds: seconds.map { ["read": $0] } ?? [:])
                known(id)?.limit(operation, to: limits.read)
            },
        ]
    }

    /// Those that set TLS up on a connection that has left HTTP.
    var securingFunctions: [PythonFunction] {
        [
            PythonFunction(
                "start_tls",
                .positional("exchange"),
                .positional("options"),
                .positional("seconds"),
                documentation: """
                    Sets TLS up once the connection has left HTTP. Options are those of open that
                    are about TLS; "sni" is the name that must be in the certificate.
                    """
            ) {
                [self]
                (id: Int, options: [String: HTTPOptionValue], seconds: Double?) throws
                    -> PythonPromise<Bool?> in
                let (exchange, tls, limit) = try securing(id, options, seconds)
                let promise = PythonPromise<Bool?> { exchange.cancel() }
                exchange.startTLS(tls, within: limit) { result in
                    switch result {
                    case .success: promise.succeed(nil)
                    case .failure(let error): promise.fail(error)
                    }
                }
                return promise
            },
            PythonFunction(
                blocking: "start_tls_blocking",
                .positional("exchange"),
                .positional("options"),
                .positional("seconds"),
                documentation:
                    "start_tls for code without a loop: releases the GIL, polls signals."
            ) {
                [self]
                (
                    completion: @escaping BlockingCompletion<Bool>,
                    id: Int,
                    options: [String: HTTPOptionValue],
                    seconds: Double?
                ) in
                let (_, tls, limit) = try securing(id, options, seconds)
                let wait = try InterruptibleWait(id, of: self, completion)
                wait.exchange.startTLS(tls, within: limit) { wait.end($0.map { true }) }
                return wait.interrupt
            },
        ]
    }

    private func securing(
        _ id: Int,
        _ options: [String: HTTPOptionValue],
        _ seconds: Double?
    ) throws -> (any HTTPExchange, HTTPConnectionOptions, Duration?) {
        var request = HTTPTransferRequest(method: "CONNECT", url: "")
        var reader = HTTPOptionReader(options)
        try reader.apply(to: &request)
        try reader.refuseOthers()
        let limits = try HTTPTimeouts(seconds: seconds.map { ["connect": $0] } ?? [:])
        return (try exchange(id), request.connection, limits.connect)
    }

    private func known(_ id: Int) -> (any HTTPExchange)? { try? exchange(id) }
}

extension HTTPStreamOperation {
    fileprivate init?(named name: String) {
        switch name {
        case "read": self = .read
        case "write": self = .write
        default: return nil
        }
    }
}

/// An address as Python's sockets show it.
private struct Address: ConvertibleToPython, Sendable {
    private let address: HTTPConnectionEnds.Address?

    init(_ address: HTTPConnectionEnds.Address?) {
        self.address = address
    }

    func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        switch address {
        case .internet(let host, let port): try PythonTuple(host, port).pythonReference(gil)
        case .unix(let path): try path.pythonReference(gil)
        case nil: try (nil as String?).pythonReference(gil)
        }
    }
}
