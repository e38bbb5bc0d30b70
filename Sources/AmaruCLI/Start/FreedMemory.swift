// How much freed memory the C library keeps for the next allocations.
// SPDX-License-Identifier: Apache-2.0

/// What the process does with memory that it has freed.
enum FreedMemory {
    /// Keeps up to 8 MiB of it, and maps blocks from 4 MiB on only.
    ///
    /// glibc returns the end of its heap to the system when more than 128 KiB of it are free. The
    /// pieces of a large body are freed as fast as they come, and each would be mapped and filled
    /// with zeros again: that takes as much time as all other work of a transfer.
    static func keep() {
        #if canImport(Glibc)
            // The Glibc module leaves out <malloc.h>.
            typealias Function = @convention(c) (CInt, CInt) -> CInt
            guard let symbol = dlsym(nil, "mallopt") else { return }
            // Safe because that is how malloc.h declares it.
            let mallopt = unsafeBitCast(symbol, to: Function.self)
            let (trimThreshold, mapThreshold): (CInt, CInt) = (-1, -3)
            _ = mallopt(trimThreshold, 8 << 20)
            _ = mallopt(mapThreshold, 4 << 20)
        #endif
    }
}
