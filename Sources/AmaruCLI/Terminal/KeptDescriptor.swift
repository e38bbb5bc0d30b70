// A duplicate of a descriptor, for a program whose scripts may close the number.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment

/// An open file under a number of our own.
///
/// A script may close or replace the standard descriptors, as by `os.close(1)`, and what it opens
/// next gets their numbers. A forked child does not keep the duplicate: the reader of a pipe waits
/// for the last writer.
final class KeptDescriptor: Sendable {
    private struct Identity: Equatable {
        let device: dev_t
        let file: ino_t

        init?(_ descriptor: Int32) {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { return nil }
            (device, file) = (status.st_dev, status.st_ino)
        }
    }

    private let original: Int32
    private let slot: Int?
    private let identity: Identity?

    /// Duplicates a descriptor, which stays the caller's; without one that is open, or with too many
    /// in use, there is no duplicate.
    init(_ descriptor: Int32) {
        original = descriptor
        identity = Identity(descriptor)
        slot = KeptDescriptors.shared.keep(descriptor)
    }

    deinit { if let slot { KeptDescriptors.shared.drop(slot) } }

    /// The number that leads to the file; -1 if Python code has closed all that did.
    var number: Int32 {
        guard let identity else { return original }
        let numbers = [slot.map { keptDescriptors[$0] }, original].compactMap { $0 }
        return numbers.first { Identity($0) == identity } ?? -1
    }
}

private let keptCount = 8

/// The numbers of the duplicates, -1 for none, as a forked child reads them.
///
/// safe because slots change under the lock of `KeptDescriptors`, each is read by its owner alone,
/// and a forked child has one thread; memory instead of an array, because a child must not meet
/// Swift's access checks half-way.
nonisolated(unsafe) private let keptDescriptors = {
    let memory = UnsafeMutablePointer<Int32>.allocate(capacity: keptCount)
    memory.initialize(repeating: -1, count: keptCount)
    return memory
}()

private final class KeptDescriptors: Sendable {
    static let shared = KeptDescriptors()

    private let lock = Lock(())

    private init() {
        pthread_atfork(nil, nil) {
            for slot in 0..<keptCount where keptDescriptors[slot] >= 0 {
                close(keptDescriptors[slot])
                keptDescriptors[slot] = -1
            }
        }
    }

    func keep(_ descriptor: Int32) -> Int? {
        lock.withLock { _ in
            guard let slot = (0..<keptCount).first(where: { keptDescriptors[$0] < 0 }) else {
                return nil
            }
            keptDescriptors[slot] = fcntl(descriptor, F_DUPFD_CLOEXEC, 10)
            return keptDescriptors[slot] < 0 ? nil : slot
        }
    }

    func drop(_ slot: Int) {
        lock.withLock { _ in
            close(keptDescriptors[slot])
            keptDescriptors[slot] = -1
        }
    }
}
