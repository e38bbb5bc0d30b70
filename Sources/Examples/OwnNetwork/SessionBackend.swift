// A network of the program's own: URLSession, for whole requests and whole responses.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import Foundation
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

struct SessionBackend: HTTPBackend {
    func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
        guard let url = URL(string: request.url), request.body != .upload else {
            return FailedExchange(HTTPTransferError(.localProtocol, "this request is not for us"))
        }
        var sent = URLRequest(url: url)
        sent.httpMethod = request.method
        for field in request.headers { sent.addValue(field.value, forHTTPHeaderField: field.name) }
        if case .data(let body) = request.body { sent.httpBody = body }
        return SessionExchange(sent)
    }

    func shutDown() async {}
}
