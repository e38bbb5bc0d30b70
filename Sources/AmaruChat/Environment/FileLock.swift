// A lock between processes that the system drops when its holders end.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// An exclusive `flock` on a file, held until `release` or the last copy of its descriptor closes.
///
/// An installer inherits the descriptor: when this process is killed, the lock stays until the
/// orphan ends too, so no one deletes a folder that somebody still fills.
final class FileLock: Sendable {
    /// The descriptor that holds the lock.
    let descriptor: Int32

    private let released = Mutex(false)

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { release() }

    /// Waits for the lock on the file at `path`, which is made if missing.
    ///
    /// - Throws: `PosixError` if the file can't be opened or locked, `CancellationError`.
    static func acquire(at path: String, onWait: () -> Void) async throws -> FileLock {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw PosixError("open the lock \(path)") }
        let lock = FileLock(descriptor: descriptor)
        var told = false
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            if code == EINTR { continue }
            guard code == EWOULDBLOCK else { throw PosixError("lock \(path)", code: code) }
            if !told { onWait() }
            told = true
            // A blocking flock can't be cancelled, and the wait is for a download.
            try await Task.sleep(for: .milliseconds(50))
        }
        return lock
    }

    /// Gives the lock up; later calls do nothing.
    func release() {
        let first = released.withLock { released in
            defer { released = true }
            return !released
        }
        if first { close(descriptor) }
    }
}
