// An exchange without the keys in its response.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Takes the keys out of all that its caller sees.
final class RedactedExchange: ForwardingExchange, @unchecked Sendable {
    // Safe as its superclass is: all that changes is under the lock of `redactor`.

    private let search: KeySearch
    private let redactor: NIOLockedValueBox<KeyRedactor>

    init(_ inner: any HTTPExchange, _ search: KeySearch) {
        self.search = search
        redactor = NIOLockedValueBox(KeyRedactor(search))
        super.init(inner)
    }

    private func clean(_ text: String) -> String {
        String(decoding: KeyRedactor.clean(Array(text.utf8), of: search), as: UTF8.self)
    }

    override func willDeliver(_ head: HTTPTransferHead) -> HTTPTransferHead {
        var head = head
        head.reasonBytes = KeyRedactor.clean(head.reasonBytes, of: search)
        head.headers = head.headers.map { field in
            let bytes = KeyRedactor.clean(field.bytes, of: search)
            return HTTPHeaderField(clean(field.name), bytes: bytes)
        }
        return head
    }

    override func willDeliver(_ error: HTTPTransferError) -> HTTPTransferError {
        error.saying(clean(error.message))
    }

    override func read(_ completion: @escaping HTTPCompletion<[Data]>) {
        inner.read { [self] result in
            switch result {
            case .success(let pieces) where !pieces.isEmpty:
                let clean = redactor.withLockedValue { redactor in
                    pieces.map { redactor.take($0) }.filter { !$0.isEmpty }
                }
                // No piece would be the end: what is held back needs more to go on.
                if clean.isEmpty { read(completion) } else { completion(.success(clean)) }
            case .failure(let error) where !error.isFinal || error.code == .cancelled:
                // What is held back stays so: the next read may bring the rest of a key.
                completion(.failure(willDeliver(error)))
            case .success, .failure:
                // The end, or the error, is there again for the next one who reads.
                let rest = redactor.withLockedValue { $0.end() }
                completion(rest.isEmpty ? result.mapError(willDeliver) : .success([rest]))
            }
        }
    }
}
