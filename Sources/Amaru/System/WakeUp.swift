// A pipe that wakes a thread out of a wait for descriptors.
// SPDX-License-Identifier: Apache-2.0

// CPython's headers include the C library's, whose types Swift may therefore attribute to them.
internal import CAmaruPython

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A pipe that a thread or an event loop watches, and that any thread or signal handler writes to.
///
/// An event loop could be woken by `call_soon_threadsafe` too, but that needs the GIL on the
/// calling thread, for every job.
package struct WakeUp: Sendable {
    /// The descriptor that becomes readable.
    package let readEnd: Int32
    /// The descriptor that a signal handler writes one byte to.
    package let writeEnd: Int32

    /// Creates the pipe; both ends are non-blocking and closed by `exec`.
    ///
    /// - Throws: ``AmaruError/Code/resourceLimit`` if the process has no descriptors left.
    package init() throws(AmaruError) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw .limit("A pipe could not be created", errno) }
        for end in ends {
            _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    /// Makes the reading end readable; may be called in a signal handler.
    package func signal() {
        Self.signal(writeEnd)
    }

    /// Writes to the writing end of a pipe, and leaves `errno` as it was.
    package static func signal(_ writeEnd: Int32) {
        let former = errno
        var byte: UInt8 = 1
        // EAGAIN means that the pipe is full of wake-ups, which is as good.
        while write(writeEnd, &byte, 1) < 0, errno == EINTR {}
        errno = former
    }

    /// Takes all signals out of the pipe.
    package func clear() {
        var bytes: (UInt64, UInt64) = (0, 0)
        while read(readEnd, &bytes, 16) == 16 {}
    }

    /// Blocks until there is a signal in the pipe, or until the thread has handled a POSIX signal.
    package func wait() {
        var descriptor = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
        _ = poll(&descriptor, 1, -1)
    }

    /// Closes both ends, when nobody uses them any more.
    package func close() {
        for end in [readEnd, writeEnd] {
            #if canImport(Glibc)
                _ = Glibc.close(end)
            #else
                _ = Darwin.close(end)
            #endif
        }
    }
}
