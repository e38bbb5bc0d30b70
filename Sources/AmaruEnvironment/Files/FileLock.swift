// A lock between processes that the system drops when its holders end.
// SPDX-License-Identifier: Apache-2.0

import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// An exclusive `flock` on a file, held until the last reference to it is gone, in children too.
///
/// An installer inherits the descriptor: when this process is killed, the lock stays until the
/// installer ends too, so no one deletes a folder that somebody still fills.
package final class FileLock: Sendable {
    /// The descriptor that holds the lock.
    let descriptor: Descriptor

    private init(_ descriptor: Descriptor) { self.descriptor = descriptor }

    /// Waits for the lock on the file at `path`, which is made if missing.
    ///
    /// - Throws: `PosixError` if the file can't be opened or locked, `CancellationError`.
    static func acquire(at path: String, onWait: () -> Void) async throws -> FileLock {
        let descriptor = try Descriptor(opening: path, .readWrite, .create)
        var told = false
        while flock(descriptor.number, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            if code == EINTR { continue }
            guard code == EWOULDBLOCK else { throw PosixError("lock \(path)", code: code) }
            if !told { onWait() }
            told = true
            // A blocking flock can't be cancelled, and the wait is for a download.
            try await Task.sleep(for: .milliseconds(50))
        }
        return FileLock(descriptor)
    }
}
