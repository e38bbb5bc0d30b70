// One request and its response, both whole.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import Foundation
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

final class SessionExchange: HTTPExchange {
    private let response: Task<(URLResponse, Data), any Error>
    private let isRead = Mutex(false)

    init(_ request: URLRequest) {
        response = Task {
            let (data, response) = try await URLSession.shared.data(for: request)
            return (response, data)
        }
    }

    func head(_ completion: @escaping HTTPCompletion<HTTPTransferHead>) {
        complete(completion) { response, _ in
            HTTPTransferHead(status: (response as? HTTPURLResponse)?.statusCode ?? 0)
        }
    }

    func read(_ completion: @escaping HTTPCompletion<[Data]>) {
        complete(completion) { _, data in
            let wasRead = self.isRead.withLock { isRead in
                defer { isRead = true }
                return isRead
            }
            return wasRead ? [] : [data]
        }
    }

    private func complete<Value>(
        _ completion: @escaping HTTPCompletion<Value>,
        _ value: @escaping @Sendable (URLResponse, Data) -> Value
    ) {
        Task {
            do {
                let (response, data) = try await response.value
                completion(.success(value(response, data)))
            } catch {
                completion(.failure(HTTPTransferError(.connect, "\(error)")))
            }
        }
    }

    func write(_ data: Data, _ completion: @escaping HTTPCompletion<Void>) {
        completion(.failure(HTTPTransferError(.localProtocol, "bodies are sent whole")))
    }

    func finish(_ completion: @escaping HTTPCompletion<Void>) { completion(.success(())) }
    func cancel() { response.cancel() }
    func whenClosed(_ completion: @escaping @Sendable () -> Void) {
        Task {
            _ = await response.result
            completion()
        }
    }
}
