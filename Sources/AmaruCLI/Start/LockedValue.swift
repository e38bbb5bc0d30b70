// A value under a lock.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A reference to a value that several tasks change.
final class LockedValue<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    init(_ value: Value) { mutex = Mutex(value) }

    func withLock<Result: Sendable>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        try mutex.withLock { value in
            // Safe because the value is Sendable, whatever region the mutex thinks it is in.
            var copy = value
            defer { value = copy }
            return try body(&copy)
        }
    }
}
