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
    private let original: Int32
    private let slot: Int?
    private let file: OpenFile?

    /// Duplicates a descriptor, which stays the caller's; without one that is open, or with too many
    /// in use, there is no duplicate.
    init(_ descriptor: Int32) {
        original = descriptor
        file = OpenFile(descriptor)
        slot = file.flatMap { DescriptorSlots.shared.keep($0) }
    }

    deinit { if let slot { DescriptorSlots.shared.drop(slot) } }

    /// The number that leads to the file; -1 if Python code has closed all that did.
    var number: Int32 {
        guard let file else { return original }
        if let slot, slots[slot].isOpen { return slots[slot].number }
        return file.isOpen ? original : -1
    }
}

/// A number, and the file that it leads to.
private struct OpenFile {
    var number: Int32
    private var device: dev_t
    private var inode: ino_t

    init?(_ number: Int32) {
        var status = stat()
        guard fstat(number, &status) == 0 else { return nil }
        (self.number, device, inode) = (number, status.st_dev, status.st_ino)
    }

    /// Whether the number still leads there: a script may have closed it, and opened another file.
    var isOpen: Bool {
        var status = stat()
        return fstat(number, &status) == 0 && status.st_dev == device && status.st_ino == inode
    }
}

private let slotCount = 8

/// The duplicates, those with a negative number for none, as a forked child reads them.
///
/// safe because slots change under the lock of `DescriptorSlots`, each is read by its owner alone,
/// and a forked child has one thread; memory instead of an array, because a child must not meet
/// an access that another thread had begun.
nonisolated(unsafe) private let slots = {
    let memory = UnsafeMutablePointer<OpenFile>.allocate(capacity: slotCount)
    memset(memory, 0xFF, slotCount * MemoryLayout<OpenFile>.stride)
    return memory
}()

private final class DescriptorSlots: Sendable {
    static let shared = DescriptorSlots()

    private let lock = Lock(())

    private init() {
        // Made now: a forked child must not make it.
        _ = slots
        pthread_atfork(nil, nil) {
            var slot = 0
            while slot < slotCount {
                let number = slots[slot].number
                if number >= 0, slots[slot].isOpen { close(number) }
                slots[slot].number = -1
                slot += 1
            }
        }
    }

    func keep(_ file: OpenFile) -> Int? {
        lock.withLock { _ in
            guard let slot = (0..<slotCount).first(where: { slots[$0].number < 0 }) else {
                return nil
            }
            let number = fcntl(file.number, F_DUPFD_CLOEXEC, 10)
            guard number >= 0 else { return nil }
            var duplicate = file
            duplicate.number = number
            slots[slot] = duplicate
            return slot
        }
    }

    func drop(_ slot: Int) {
        lock.withLock { _ in
            let duplicate = slots[slot]
            // First: a child that is forked meanwhile must not close what gets the number next.
            slots[slot].number = -1
            if duplicate.isOpen { close(duplicate.number) }
        }
    }
}
