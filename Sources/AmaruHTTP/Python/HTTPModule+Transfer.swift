// The functions of `_amaru_http` that wait for the network.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import NIOConcurrencyHelpers

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension HTTPModule {
    /// Those that return an awaitable of the running loop.
    var awaitableFunctions: [PythonFunction] {
        [
            PythonFunction(
                "head",
                .positional("exchange"),
                documentation: "Status, reason, version (b\"HTTP/1.1\") and flat raw headers."
            ) { [self] (id: Int) throws -> PythonPromise<PythonTuple> in
                try promiseOfHead(id)
            },
            PythonFunction(
                "read",
                .positional("exchange"),
                documentation: "The next chunk as it arrives, or None at the end."
            ) { [self] (id: Int) async throws -> Data? in try await read(id) },
            PythonFunction(
                "read_chunks",
                .positional("exchange"),
                documentation:
                    "All chunks that have arrived, as they came, at least one; none at the end."
            ) { [self] (id: Int) throws -> PythonPromise<[Data]> in
                try promiseOfChunks(id)
            },
            PythonFunction(
                "write",
                .positional("exchange"),
                .positional("data"),
                documentation:
                    "Sends a piece of the body; resolves when there is room for the next one."
            ) {
                [self] (id: Int, data: Data) throws -> PythonPromise<Bool?> in
                try promiseOfWrite(id, data)
            },
            PythonFunction(
                "finish",
                .positional("exchange"),
                documentation: "Ends the upload."
            ) { [self] (id: Int) async throws in try await exchange(id).finish() },
        ]
    }

    /// Those for code without a loop: the GIL is released, and signals are looked at.
    var blockingFunctions: [PythonFunction] {
        [
            PythonFunction(
                blocking: "head_blocking",
                .positional("exchange"),
                documentation: "head for code without a loop: releases the GIL, polls signals."
            ) { [self] (completion: @escaping BlockingCompletion<PythonTuple>, id: Int) in
                let wait = try InterruptibleWait(id, of: self, completion)
                wait.exchange.head { wait.end($0.map(Self.tuple)) }
                return wait.interrupt
            },
            PythonFunction(
                blocking: "answer_blocking",
                .positional("exchange"),
                documentation:
                    "What head_blocking returns, and all chunks if they have arrived, else None."
            ) { [self] (completion: @escaping BlockingCompletion<PythonTuple>, id: Int) in
                let wait = try InterruptibleWait(id, of: self, completion)
                wait.exchange.head { [self] result in
                    guard case .success(let head) = result, wait.exchange.arrival == .everything
                    else {
                        return wait.end(result.map { PythonTuple(Self.tuple($0), [Data]?.none) })
                    }
                    readAll(of: wait.exchange) { [self] chunks in
                        if chunks != nil { forgetWhenClosed(id) }
                        wait.end(.success(PythonTuple(Self.tuple(head), chunks)))
                    }
                }
                return wait.interrupt
            },
            PythonFunction(
                blocking: "read_blocking",
                .positional("exchange"),
                documentation: "read for code without a loop: releases the GIL, polls signals."
            ) { [self] (id: Int) async throws -> Data? in
                try await interruptible(id) { try await read(id) }
            },
            PythonFunction(
                blocking: "read_chunks_blocking",
                .positional("exchange"),
                documentation:
                    "read_chunks for code without a loop: releases the GIL, polls signals."
            ) { [self] (completion: @escaping BlockingCompletion<[Data]>, id: Int) in
                let wait = try InterruptibleWait(id, of: self, completion)
                wait.exchange.read { [self] result in
                    if case .success(let chunks) = result, chunks.isEmpty { forgetWhenClosed(id) }
                    wait.end(result)
                }
                return wait.interrupt
            },
            PythonFunction(
                blocking: "write_blocking",
                .positional("exchange"),
                .positional("data"),
                documentation: "write for code without a loop: releases the GIL, polls signals."
            ) { [self] (completion: @escaping BlockingCompletion<Bool>, id: Int, data: Data) in
                let wait = try InterruptibleWait(id, of: self, completion)
                wait.exchange.write(data) { wait.end($0.map { true }) }
                return wait.interrupt
            },
            PythonFunction(
                blocking: "finish_blocking",
                .positional("exchange"),
                documentation: "finish for code without a loop: releases the GIL, polls signals."
            ) { [self] (id: Int) async throws -> Bool in
                try await interruptible(id) { try await exchange(id).finish() }
                return true
            },
            PythonFunction(
                blocking: "closed_blocking",
                .positional("exchange"),
                documentation: "closed for code without a loop: releases the GIL, polls signals."
            ) { [self] (id: Int) async throws -> Bool in
                if let exchange = try? exchange(id) { await exchange.closed() }
                return true
            },
        ]
    }

    /// Without a task, as for the chunks.
    private func promiseOfHead(_ id: Int) throws -> PythonPromise<PythonTuple> {
        let exchange = try exchange(id)
        let promise = PythonPromise<PythonTuple> { [weak exchange] in exchange?.abandon(.head) }
        exchange.head { result in
            switch result {
            case .success(let head): promise.succeed(Self.tuple(head))
            case .failure(let error): promise.fail(error)
            }
        }
        return promise
    }

    private static func tuple(_ head: HTTPTransferHead) -> PythonTuple {
        PythonTuple(
            head.status,
            Data(head.reasonBytes),
            Data(head.version.utf8),
            head.headers.flatMap { [Data($0.name.utf8), Data($0.bytes)] }
        )
    }

    /// Completes with all chunks up to the end; nil after an error, which the next read repeats.
    private func readAll(
        of exchange: any HTTPExchange,
        after before: [Data] = [],
        _ completion: @escaping @Sendable ([Data]?) -> Void
    ) {
        exchange.read { [self] result in
            guard case .success(let chunks) = result else { return completion(nil) }
            if chunks.isEmpty { return completion(before) }
            readAll(of: exchange, after: before + chunks, completion)
        }
    }

    private func read(_ id: Int) async throws -> Data? {
        guard let chunk = try await exchange(id).read() else {
            forgetWhenClosed(id)
            return nil
        }
        return chunk
    }

    /// Without a task: this is called for each piece of a stream.
    private func promiseOfChunks(_ id: Int) throws -> PythonPromise<[Data]> {
        let exchange = try exchange(id)
        let promise = PythonPromise<[Data]> { [weak exchange] in exchange?.abandon(.read) }
        exchange.read { [self] result in
            switch result {
            case .success(let chunks):
                if chunks.isEmpty { forgetWhenClosed(id) }
                promise.succeed(chunks)
            case .failure(let error):
                promise.fail(error)
            }
        }
        return promise
    }

    /// Returns a promise of None, whose cancellation does not end the upload.
    ///
    /// The transport stops waiting for it when the answer comes early, and goes on reading; to
    /// abort the exchange it calls `cancel`.
    private func promiseOfWrite(_ id: Int, _ data: Data) throws -> PythonPromise<Bool?> {
        let promise = PythonPromise<Bool?>()
        try exchange(id).write(data) { result in
            switch result {
            case .success: promise.succeed(nil)
            case .failure(let error): promise.fail(error)
            }
        }
        return promise
    }

    /// Turns the cancellation of a blocking call, which an interrupt causes, into its own error.
    private func interruptible<Value>(
        _ id: Int,
        _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch  where Task.isCancelled {
            cancel(id)
            throw HTTPTransferError(interruptedWith: (error as? HTTPTransferError)?.origin)
        }
    }
}

/// A wait of a blocked thread for a step of an exchange, which an interrupt ends with the exchange.
final class InterruptibleWait<Value: Sendable>: Sendable {
    let exchange: any HTTPExchange
    private let id: Int
    private let module: HTTPModule
    private let completion: BlockingCompletion<Value>
    private let isInterrupted = NIOLockedValueBox(false)

    init(
        _ id: Int,
        of module: HTTPModule,
        _ completion: @escaping BlockingCompletion<Value>
    ) throws(HTTPTransferError) {
        exchange = try module.exchange(id)
        self.id = id
        self.module = module
        self.completion = completion
    }

    /// Called on the blocked thread.
    var interrupt: @Sendable () -> Void {
        { [self] in
            isInterrupted.withLockedValue { $0 = true }
            module.cancel(id)
        }
    }

    func end(_ result: Result<Value, HTTPTransferError>) {
        guard case .failure(let error) = result, isInterrupted.withLockedValue({ $0 }) else {
            return completion(result.mapError { $0 as any Error })
        }
        completion(.failure(HTTPTransferError(interruptedWith: error.origin)))
    }
}

extension HTTPTransferError {
    /// The error of a blocking call that was interrupted.
    fileprivate init(interruptedWith origin: HTTPOrigin?) {
        let place = origin.map { " with \($0)" } ?? ""
        self.init(.interrupted, "the exchange\(place) was interrupted", origin: origin)
    }
}
