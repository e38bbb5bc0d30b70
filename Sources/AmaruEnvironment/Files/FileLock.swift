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
/// An installer inherits the descriptor: if this process is killed, the lock stays until the
/// installer ends too, so no process deletes a folder that is still being filled.
package final class FileLock: Sendable {
    /// The descriptor that holds the lock.
    let descriptor: Descriptor

    private let path: String

    private init(_ descriptor: Descriptor, _ path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Removes the file; who waits for it makes another one.
    package func removeFile() { unlink(path) }

    /// Waits for the lock on the file at `path`, which is created if it is missing.
    ///
    /// - `onWait`: Called once if the lock is taken.
    /// - Throws: `PosixError` if the file can't be opened or locked, or `CancellationError`.
    static func acquire(at path: String, onWait: () -> Void) async throws -> FileLock {
        if let lock = try acquireIfFree(at: path) { return lock }
        onWait()
        while true {
            // A blocking flock can't be cancelled, and the wait is for a download.
            try await Task.sleep(for: .milliseconds(50))
            if let lock = try acquireIfFree(at: path) { return lock }
        }
    }

    /// Returns the lock on the file at `path`, or nil if it is taken.
    ///
    /// - Throws: `PosixError` if the file can't be opened or locked.
    package static func acquireIfFree(at path: String) throws -> FileLock? {
        let descriptor = try Descriptor(opening: path, .readWrite, .create)
        if flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 {
            // One that was removed between the two calls locks nothing; the next try makes another.
            return isFile(descriptor, at: path) ? FileLock(descriptor, path) : nil
        }
        let code = errno
        guard code == EWOULDBLOCK || code == EINTR else {
            throw PosixError("lock \(path)", code: code)
        }
        return nil
    }

    private static func isFile(_ descriptor: Descriptor, at path: String) -> Bool {
        var (open, named) = (stat(), stat())
        return fstat(descriptor.number, &open) == 0 && stat(path, &named) == 0
            && open.st_ino == named.st_ino && open.st_dev == named.st_dev
    }
}
