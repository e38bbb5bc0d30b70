// System calls that Swift's modules hide or that need a retry.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A failed system call: what was tried, on what, and the code it left.
package struct PosixError: Error, CustomStringConvertible {
    /// The `errno` that the call left.
    package let code: Int32

    /// What was tried, as in "create /tmp/x".
    package let action: String

    package init(_ action: String, code: Int32 = errno) {
        self.code = code
        self.action = action
    }

    /// Whether space or quota ran out.
    var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }

    package var description: String { "cannot \(action): \(String(cString: strerror(code)))" }
}

package enum PosixCall {
    /// Makes a pipe whose ends no child inherits.
    package static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        #if canImport(Glibc)
            // Set by a second call, the flag comes too late for a child started in between by
            // another thread. Swift's Glibc module lacks pipe2 (a GNU extension), libc has it.
            typealias Pipe2 = @convention(c) (UnsafeMutablePointer<Int32>, Int32) -> Int32
            if let symbol = dlsym(nil, "pipe2") {
                let pipe2 = unsafeBitCast(symbol, to: Pipe2.self)
                guard pipe2(&ends, O_CLOEXEC) == 0 else { throw PosixError("create a pipe") }
                return (ends[0], ends[1])
            }
        #endif
        #if canImport(Glibc)
            let status = Glibc.pipe(&ends)
        #else
            let status = Darwin.pipe(&ends)
        #endif
        guard status == 0 else { throw PosixError("create a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    /// Reads up to the buffer's size; 0 at the end.
    package static func read(
        _ descriptor: Int32,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws -> Int {
        while true {
            #if canImport(Glibc)
                let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            #else
                let count = Darwin.read(descriptor, buffer.baseAddress, buffer.count)
            #endif
            if count >= 0 { return count }
            let code = errno
            switch code {
            case EINTR: continue
            case EAGAIN: try wait(descriptor, for: Int16(POLLIN))
            default: throw PosixError("read", code: code)
            }
        }
    }

    /// Writes all bytes, however many calls that takes.
    package static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let chunk = UnsafeRawBufferPointer(rebasing: rest)
            #if canImport(Glibc)
                let count = Glibc.write(descriptor, chunk.baseAddress, chunk.count)
            #else
                let count = Darwin.write(descriptor, chunk.baseAddress, chunk.count)
            #endif
            if count >= 0 {
                rest = rest.dropFirst(count)
                continue
            }
            let code = errno
            switch code {
            case EINTR: continue
            case EAGAIN: try wait(descriptor, for: Int16(POLLOUT))
            default: throw PosixError("write", code: code)
            }
        }
    }

    /// Blocks until a descriptor in non-blocking mode is ready.
    private static func wait(_ descriptor: Int32, for events: Int16) throws {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        while poll(&entry, 1, -1) < 0 {
            guard errno == EINTR else { throw PosixError("wait for a descriptor") }
        }
    }

    /// Runs `body` with SIGPIPE kept from this thread, so that a closed pipe is an error.
    ///
    /// The signal is raised in the thread that writes; ignoring it for the whole process would be
    /// inherited by every child, which then never ends when its reader does.
    package static func withoutBrokenPipeSignal<Value>(_ body: () throws -> Value) rethrows -> Value
    {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGPIPE)
        var pending = sigset_t()
        sigpending(&pending)
        let wasPending = sigismember(&pending, SIGPIPE) == 1
        var former = sigset_t()
        pthread_sigmask(SIG_BLOCK, &set, &former)
        defer {
            sigpending(&pending)
            if !wasPending && sigismember(&pending, SIGPIPE) == 1 {
                var signal: Int32 = 0
                sigwait(&set, &signal)
            }
            pthread_sigmask(SIG_SETMASK, &former, nil)
        }
        return try body()
    }
}
