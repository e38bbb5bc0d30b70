// The network as Python sees it: the module `_amaru_http`.
// SPDX-License-Identifier: Apache-2.0

public import Amaru
import Foundation

/// Gives a backend to Python code as the module `_amaru_http`.
///
/// Exchanges are numbers there, and everything that crosses is a plain value: the transports on
/// top are Python. Its types are in `_amaru_http.pyi`.
public final class HTTPModule: Sendable {
    private let backend: any HTTPBackend
    private let exchanges = Locked(ExchangeTable())

    /// Creates the module's state around a backend.
    public init(_ backend: any HTTPBackend) {
        self.backend = backend
    }

    /// The module, to be registered once.
    public var module: PythonModule {
        PythonModule("_amaru_http", documentation: "The HTTP core of the host.") {
            PythonExceptionClass(
                "TransferError",
                documentation: "An exchange that failed; code is one of the core's.",
                attributes: ["code", "message"]
            )
            PythonFunction("open") {
                [self]
                (
                    method: String,
                    url: String,
                    headers: [Data],
                    body: Data?,
                    upload: Bool,
                    timeouts: [String: Double]
                ) throws -> Int in
                try open(method, url, headers, body, upload, timeouts)
            }
            PythonFunction("head") { [self] (id: Int) async throws -> PythonTuple in
                try await head(id)
            }
            PythonFunction("read") { [self] (id: Int) async throws -> Data? in try await read(id) }
            PythonFunction("write") { [self] (id: Int, data: Data) async throws in
                try await unaffectedByCancellation(id) { try await $0.write(data) }
            }
            PythonFunction("finish") { [self] (id: Int) async throws in
                try await unaffectedByCancellation(id) { try await $0.finish() }
            }
            PythonFunction("cancel") { [self] (id: Int) in cancel(id) }
            PythonFunction("closed") { [self] (id: Int) async in await closed(id) }
            PythonFunction(blocking: "head_blocking") { [self] (id: Int) async throws in
                try await interruptible(id) { try await head(id) }
            }
            PythonFunction(blocking: "read_blocking") { [self] (id: Int) async throws -> Data? in
                try await interruptible(id) { try await read(id) }
            }
        }
    }

    private func open(
        _ method: String,
        _ url: String,
        _ headers: [Data],
        _ body: Data?,
        _ upload: Bool,
        _ timeouts: [String: Double]
    ) throws -> Int {
        var request = HTTPTransferRequest(method: method, url: url)
        request.headers = try HTTPHeaderField.fields(fromFlat: headers)
        request.body = upload ? .upload : body.map { .data($0) } ?? .none
        request.timeouts = HTTPTimeouts(seconds: timeouts)
        let exchange = backend.open(request)
        return exchanges.withLock { $0.add(exchange) }
    }

    private func exchange(_ id: Int) throws(HTTPTransferError) -> any HTTPExchange {
        guard let exchange = exchanges.withLock({ $0[id] }) else {
            throw HTTPTransferError(.cancelled, "the exchange is closed already")
        }
        return exchange
    }

    private func head(_ id: Int) async throws -> PythonTuple {
        let head = try await exchange(id).head()
        return PythonTuple(
            head.status,
            Data(head.reasonBytes),
            Data(head.version.utf8),
            head.headers.flatMap { [Data($0.name.utf8), Data($0.bytes)] }
        )
    }

    private func read(_ id: Int) async throws -> Data? {
        guard let chunk = try await exchange(id).read() else {
            forgetWhenClosed(id)
            return nil
        }
        return chunk
    }

    private func cancel(_ id: Int) {
        exchanges.withLock { $0[id] }?.cancel()
        forgetWhenClosed(id)
    }

    /// Lets a number go that nobody needs to close; until then `closed` can be awaited.
    private func forgetWhenClosed(_ id: Int) {
        Task { [self] in await closed(id) }
    }

    private func closed(_ id: Int) async {
        guard let exchange = exchanges.withLock({ $0[id] }) else { return }
        await exchange.closed()
        exchanges.withLock { _ = $0.remove(id) }
    }

    /// Lets a step of the upload run on when its awaitable is cancelled.
    ///
    /// The transport stops waiting for it when the answer comes early, and goes on reading; to
    /// abort the exchange it calls `cancel`.
    private func unaffectedByCancellation(
        _ id: Int,
        _ body: @escaping @Sendable (any HTTPExchange) async throws -> Void
    ) async throws {
        let exchange = try exchange(id)
        try await Task { try await body(exchange) }.value
    }

    /// Turns the cancellation of a blocking call, which an interrupt causes, into its own error.
    private func interruptible<Value>(
        _ id: Int,
        _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch  where Task.isCancelled {
            let origin = (error as? HTTPTransferError)?.origin
            cancel(id)
            let place = origin.map { " with \($0)" } ?? ""
            throw HTTPTransferError(
                .interrupted,
                "the exchange\(place) was interrupted",
                origin: origin
            )
        }
    }
}

/// The exchanges that Python code knows by number.
private struct ExchangeTable {
    private var exchanges: [Int: any HTTPExchange] = [:]
    private var last = 0

    subscript(id: Int) -> (any HTTPExchange)? { exchanges[id] }

    mutating func add(_ exchange: any HTTPExchange) -> Int {
        last += 1
        exchanges[last] = exchange
        return last
    }

    mutating func remove(_ id: Int) -> (any HTTPExchange)? {
        exchanges.removeValue(forKey: id)
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
    init(seconds: [String: Double]) {
        self.init(
            connect: seconds["connect"].map { .seconds($0) },
            pool: seconds["pool"].map { .seconds($0) },
            write: seconds["write"].map { .seconds($0) },
            read: seconds["read"].map { .seconds($0) }
        )
    }
}

extension HTTPTransferError: PythonExceptionConvertible {
    /// The class that the module declares.
    public var pythonExceptionType: String { "_amaru_http.TransferError" }

    /// The code's name and the message.
    public var pythonExceptionArguments: [any ConvertibleToPython & Sendable] {
        [code.name, message]
    }
}
