// Which environments are in use, so that nobody removes them.
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

/// The environments that this process uses, for as long as it lives.
///
/// Each user holds a shared `flock` on the marker; who removes the environment, an exclusive one.
enum EnvironmentUse {
    private static let held = Lock<[String: Descriptor]>([:])

    /// Keeps other processes from removing an environment, and notes that it is used.
    ///
    /// - Returns: False if it is not there any more, or is being removed.
    static func begin(_ environment: PythonEnvironment) -> Bool {
        let marker = environment.marker.path
        return held.withLock { held in
            if held[marker] != nil { return true }
            guard let descriptor = try? Descriptor(opening: marker, .readOnly) else { return false }
            // A file system without locks is no reason not to run.
            if flock(descriptor.number, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK {
                return false
            }
            var status = stat()
            guard fstat(descriptor.number, &status) == 0, status.st_nlink > 0 else { return false }
            // In a cache that is read-only nothing is pruned either.
            _ = futimens(descriptor.number, nil)
            held[marker] = descriptor
            return true
        }
    }

    /// Lets an environment be removed.
    static func end(_ environment: PythonEnvironment) {
        held.withLock { _ = $0.removeValue(forKey: environment.marker.path) }
    }

    /// Keeps processes from beginning to use an environment while the descriptor is held.
    ///
    /// - Returns: Nil if a process, this one too, uses the environment of the marker.
    static func claim(_ marker: String) -> Descriptor? {
        guard let descriptor = try? Descriptor(opening: marker, .readOnly),
            flock(descriptor.number, LOCK_EX | LOCK_NB) == 0
        else { return nil }
        return descriptor
    }
}
