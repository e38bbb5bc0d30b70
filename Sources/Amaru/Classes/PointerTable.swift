// A hash table from addresses to addresses, small enough to be on the path of each new object.
// SPDX-License-Identifier: Apache-2.0

/// An open-addressing table, used with the GIL held only.
///
/// Swift's Dictionary costs as much as the rest of making an object; this one is a few loads.
final class PointerTable: @unchecked Sendable {
    // Safe because the GIL is held in each member: no call in them releases it.
    private struct Entry {
        var key: UInt
        var value: UInt
    }

    private struct Storage {
        var entries: UnsafeMutablePointer<Entry>
        var shift: Int
        var count: Int

        var mask: Int { 1 << (Int.bitWidth - shift) - 1 }

        /// Where a key would be if nothing were in its way.
        func home(of key: UInt) -> Int {
            Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> UInt(shift))
        }
    }

    /// In memory of its own: a stored property would be checked for exclusive access each time.
    private let storage: UnsafeMutablePointer<Storage>

    init() {
        storage = .allocate(capacity: 1)
        storage.initialize(to: Self.makeStorage(bits: 8))
    }

    deinit {
        storage.pointee.entries.deallocate()
        storage.deallocate()
    }

    /// The number of entries.
    var count: Int { storage.pointee.count }

    /// Finds the value of a key, which is not null.
    func value(for key: UnsafeRawPointer) -> UnsafeMutableRawPointer? {
        let key = UInt(bitPattern: key)
        let mask = storage.pointee.mask
        var index = storage.pointee.home(of: key)
        while true {
            let entry = storage.pointee.entries[index]
            if entry.key == key { return UnsafeMutableRawPointer(bitPattern: entry.value) }
            if entry.key == 0 { return nil }
            index = (index + 1) & mask
        }
    }

    /// Adds an entry or replaces its value.
    func set(_ value: UnsafeMutableRawPointer, for key: UnsafeRawPointer) {
        if storage.pointee.count * 2 > storage.pointee.mask { grow() }
        let key = UInt(bitPattern: key)
        let mask = storage.pointee.mask
        var index = storage.pointee.home(of: key)
        while storage.pointee.entries[index].key != 0 {
            if storage.pointee.entries[index].key == key {
                storage.pointee.entries[index].value = UInt(bitPattern: value)
                return
            }
            index = (index + 1) & mask
        }
        storage.pointee.entries[index] = Entry(key: key, value: UInt(bitPattern: value))
        storage.pointee.count += 1
    }

    /// Removes an entry, if it is there and has this value.
    func remove(_ value: UnsafeMutableRawPointer, for key: UnsafeRawPointer) {
        let key = UInt(bitPattern: key)
        let mask = storage.pointee.mask
        var index = storage.pointee.home(of: key)
        while storage.pointee.entries[index].key != key {
            if storage.pointee.entries[index].key == 0 { return }
            index = (index + 1) & mask
        }
        guard storage.pointee.entries[index].value == UInt(bitPattern: value) else { return }
        storage.pointee.count -= 1
        fill(index, mask)
    }

    /// Moves entries behind a gap forward, so that no search ends at it too early.
    private func fill(_ index: Int, _ mask: Int) {
        let entries = storage.pointee.entries
        var gap = index
        var next = (gap + 1) & mask
        while entries[next].key != 0 {
            let home = storage.pointee.home(of: entries[next].key)
            // Whether its home lies at the gap or before, going round.
            if (next &- home) & mask >= (next &- gap) & mask {
                entries[gap] = entries[next]
                gap = next
            }
            next = (next + 1) & mask
        }
        entries[gap] = Entry(key: 0, value: 0)
    }

    private func grow() {
        let old = storage.pointee
        storage.pointee = Self.makeStorage(bits: Int.bitWidth - old.shift + 1)
        for entry in UnsafeBufferPointer(start: old.entries, count: old.mask + 1)
        where entry.key != 0 {
            if let key = UnsafeRawPointer(bitPattern: entry.key),
                let value = UnsafeMutableRawPointer(bitPattern: entry.value)
            {
                set(value, for: key)
            }
        }
        old.entries.deallocate()
    }

    private static func makeStorage(bits: Int) -> Storage {
        let entries = UnsafeMutablePointer<Entry>.allocate(capacity: 1 << bits)
        entries.initialize(repeating: Entry(key: 0, value: 0), count: 1 << bits)
        return Storage(entries: entries, shift: Int.bitWidth - bits, count: 0)
    }
}
