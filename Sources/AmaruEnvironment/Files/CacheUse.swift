// What of the cache is in use, so that nobody removes it.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import SystemPackage

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The environments and scripts of the cache that this process uses, for as long as it lives.
///
/// Each user holds a shared `flock` on the marker of an environment, or on a folder of scripts; who
/// removes it, an exclusive one.
enum CacheUse {
    private static let held = Lock<[String: Descriptor]>([:])

    /// Keeps other processes from removing what a path stands for, and notes that it is used.
    ///
    /// - Returns: False if it is not there any more, or is being removed.
    static func begin(_ path: String) -> Bool {
        held.withLock { held in
            if held[path] != nil { return true }
            guard let descriptor = try? Descriptor(opening: path, .readOnly) else { return false }
            // A file system without locks is no reason not to run.
            if flock(descriptor.number, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK {
                return false
            }
            var status = stat()
            guard fstat(descriptor.number, &status) == 0, status.st_nlink > 0 else { return false }
            // In a cache that is read-only nothing is pruned either.
            _ = futimens(descriptor.number, nil)
            held[path] = descriptor
            return true
        }
    }

    /// Lets it be removed.
    static func end(_ path: String) {
        held.withLock { _ = $0.removeValue(forKey: path) }
    }

    /// Keeps processes from beginning to use a path while the descriptor is held.
    ///
    /// - Returns: Nil if a process, this one too, uses it.
    static func claim(_ path: String) -> Descriptor? {
        guard let descriptor = try? Descriptor(opening: path, .readOnly),
            flock(descriptor.number, LOCK_EX | LOCK_NB) == 0
        else { return nil }
        return descriptor
    }
}
