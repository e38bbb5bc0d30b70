// The handles that live, by the object that they hold.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The table behind ``Python/liveObjects()``; empty unless the configuration asks for it.
@usableFromInline
enum LiveHandles {
    private struct Entry {
        let typeName: String
        var count: Int
    }

    /// By address only, which is never followed: an entry is there while a handle owns a
    /// reference, so no two objects share an address.
    private static let entries = Lock<[UInt: Entry]>([:])

    /// Notes a handle that was made; the GIL is held.
    @usableFromInline
    @inline(never)
    static func add(_ pointer: PyPointer) {
        let key = UInt(bitPattern: pointer)
        // Read before the lock is taken. An object may change its class; the first one counts.
        let name = String(cString: amaru_type_name(pointer))
        entries.withLock { $0[key, default: Entry(typeName: name, count: 0)].count += 1 }
    }

    /// Notes a handle that is dropped, on any thread, before its reference is released.
    static func remove(_ pointer: PyPointer) {
        let key = UInt(bitPattern: pointer)
        entries.withLock { entries in
            // One that was made before the counting began is not in the table.
            guard let count = entries[key]?.count else { return }
            entries[key]?.count = count - 1
            if count == 1 { entries[key] = nil }
        }
    }

    /// The numbers of handles by the names of the types of their objects.
    static var countsByType: [String: Int] {
        entries.withLock { entries in
            entries.values.reduce(into: [:]) { $0[$1.typeName, default: 0] += $1.count }
        }
    }
}
