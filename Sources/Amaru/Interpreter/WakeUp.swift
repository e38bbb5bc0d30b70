// A pipe that wakes the Python thread out of its event loop.
// SPDX-License-Identifier: Apache-2.0

// Its headers, of which CPython includes many, may be where the C library's types come from.
internal import CAmaruPython

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A pipe whose reading end the event loop watches.
///
/// Not `call_soon_threadsafe`: that needs the GIL on the calling thread, for every job.
struct WakeUp: Sendable {
    /// The descriptor that becomes readable.
    let readEnd: Int32
    private let writeEnd: Int32

    init() {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else {
            preconditionFailure("no descriptors are left for a pipe: errno \(errno)")
        }
        for end in ends {
            _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    func signal() {
        var byte: UInt8 = 1
        // EAGAIN means that the pipe is full of wake-ups, which is as good.
        while write(writeEnd, &byte, 1) < 0, errno == EINTR {}
    }

    /// Closes both ends, when nobody uses them any more.
    func close() {
        for end in [readEnd, writeEnd] {
            #if canImport(Glibc)
                _ = Glibc.close(end)
            #else
                _ = Darwin.close(end)
            #endif
        }
    }

    func clear() {
        var bytes: (UInt64, UInt64) = (0, 0)
        while read(readEnd, &bytes, 16) == 16 {}
    }

    /// Blocks until a signal arrives.
    func wait() {
        var descriptor = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
        while poll(&descriptor, 1, -1) < 0, errno == EINTR {}
    }
}
