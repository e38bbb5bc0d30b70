// System calls that Swift's modules hide or that need a retry.
// SPDX-License-Identifier: Apache-2.0

import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// System calls that repeat when they are interrupted, and throw `PosixError`.
package enum PosixCall {
    /// Creates a pipe whose ends no child inherits; the caller closes them.
    ///
    /// - Throws: `PosixError` if the process has no free descriptors.
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
        let made = try PosixError.naming("create a pipe") { try FileDescriptor.pipe() }
        ends = [made.readEnd.rawValue, made.writeEnd.rawValue]
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    /// Reads up to the buffer's size and returns the number of bytes; 0 at the end.
    ///
    /// - Throws: `PosixError`.
    package static func read(
        _ descriptor: Int32,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws -> Int {
        try whenReady(descriptor, for: POLLIN, "read") { try $0.read(into: buffer) }
    }

    /// Reads to the end, or until there are more bytes than `bound`.
    ///
    /// - Throws: `PosixError`.
    package static func readAll(_ descriptor: Int32, atMost bound: Int = .max) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try withUnsafeTemporaryAllocation(byteCount: 64 * 1024, alignment: 1) { buffer in
            while true {
                let count = try read(descriptor, into: buffer)
                bytes += buffer.prefix(count)
                guard count > 0, bytes.count <= bound else { return }
            }
        }
        return bytes
    }

    /// Writes all bytes.
    ///
    /// - Throws: `PosixError`, also after some of the bytes are written.
    package static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let chunk = UnsafeRawBufferPointer(rebasing: rest)
            let count = try whenReady(descriptor, for: POLLOUT, "write") { try $0.write(chunk) }
            rest = rest.dropFirst(count)
        }
    }

    /// Writes all of a text.
    ///
    /// - Throws: `PosixError`, also after a part of it is written.
    package static func writeAll(_ text: String, to descriptor: Int32) throws {
        var text = text
        try text.withUTF8 { try writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
    }

    /// Repeats a call on a descriptor in non-blocking mode until it is ready.
    private static func whenReady<Value>(
        _ descriptor: Int32,
        for events: some BinaryInteger,
        _ action: String,
        _ body: (FileDescriptor) throws -> Value
    ) throws -> Value {
        try PosixError.naming(action) {
            while true {
                do {
                    return try body(FileDescriptor(rawValue: descriptor))
                } catch Errno.wouldBlock {
                    var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
                    while poll(&entry, 1, -1) < 0 {
                        guard errno == EINTR else { throw Errno(rawValue: errno) }
                    }
                }
            }
        }
    }

    /// Runs `body` with SIGPIPE blocked in this thread, so that a closed pipe is an error.
    ///
    /// The thread that writes gets the signal. If the whole process ignored it, its children would
    /// too, and not end with their readers.
    ///
    /// - Throws: What `body` throws.
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
