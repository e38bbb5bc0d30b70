// A hash table from addresses to addresses, small enough to be on the path of each new object.
// SPDX-License-Identifier: Apache-2.0

/// An open-addressing table, used with the GIL held only.
///
/// Swift's Dictionary costs as much as the rest of making an object; this one is a few loads.
///
/// A global variable of this type needs no lazy initialisation, which each access would check; so
/// ``prepare()`` comes before the first entry.
struct PointerTable {
    private struct Entry {
        var key: UInt
        var value: UInt
    }

    private struct Storage {
        var entries: UnsafeMutablePointer<Entry>
        var shift: Int
        var count: Int

        @inline(__always)
        var mask: Int { 1 << (Int.bitWidth - shift) - 1 }

        /// Where a key would be if nothing were in its way.
        @inline(__always)
        func home(of key: UInt) -> Int {
            Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> UInt(shift))
        }
    }

    /// In memory of its own, so that no access is one of the variable that holds the table.
    private var storage: UnsafeMutablePointer<Storage>?

    /// Makes room, once.
    mutating func prepare() {
        guard storage == nil else { return }
        let storage = UnsafeMutablePointer<Storage>.allocate(capacity: 1)
        storage.initialize(to: Self.makeStorage(bits: 8))
        self.storage = storage
    }

    /// The number of entries.
    var count: Int { storage?.pointee.count ?? 0 }

    /// All values, in no order.
    var values: [UnsafeMutableRawPointer] {
        guard let storage = storage?.pointee else { return [] }
        return UnsafeBufferPointer(start: storage.entries, count: storage.mask + 1)
            .compactMap { $0.key == 0 ? nil : UnsafeMutableRawPointer(bitPattern: $0.value) }
    }

    /// Finds the value of a key, which is not null.
    func value(for key: UnsafeRawPointer) -> UnsafeMutableRawPointer? {
        guard let storage else { return nil }
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
        place(key).pointee.value = UInt(bitPattern: value)
    }

    /// Adds an entry unless there is one, whose value is then given.
    func add(_ value: UnsafeMutableRawPointer, for key: UnsafeRawPointer)
        -> UnsafeMutableRawPointer?
    {
        let entry = place(key)
        if let existing = UnsafeMutableRawPointer(bitPattern: entry.pointee.value) {
            return existing
        }
        entry.pointee.value = UInt(bitPattern: value)
        return nil
    }

    /// The entry of a key, a new one without a value where there is none.
    private func place(_ key: UnsafeRawPointer) -> UnsafeMutablePointer<Entry> {
        guard let storage else { preconditionFailure("the table is prepared before") }
        if storage.pointee.count * 2 > storage.pointee.mask { grow() }
        let key = UInt(bitPattern: key)
        let mask = storage.pointee.mask
        let entries = storage.pointee.entries
        var index = storage.pointee.home(of: key)
        while entries[index].key != 0 {
            if entries[index].key == key { return entries + index }
            index = (index + 1) & mask
        }
        entries[index].key = key
        storage.pointee.count += 1
        return entries + index
    }

    /// Removes an entry, if it is there and has this value.
    func remove(_ value: UnsafeMutableRawPointer, for key: UnsafeRawPointer) {
        guard let storage else { return }
        let key = UInt(bitPattern: key)
        let mask = storage.pointee.mask
        var index = storage.pointee.home(of: key)
        while storage.pointee.entries[index].key != key {
            if storage.pointee.entries[index].key == 0 { return }
            index = (index + 1) & mask
        }
        guard storage.pointee.entries[index].value == UInt(bitPattern: value) else { return }
        storage.pointee.count -= 1
        Self.fill(index, mask, storage)
    }

    /// Moves entries behind a gap forward, so that no search ends at it too early.
    private static func fill(
        _ index: Int,
        _ mask: Int,
        _ storage: UnsafeMutablePointer<Storage>
    ) {
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
        guard let storage else { return }
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
