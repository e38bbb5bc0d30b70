// Lines both ways between two processes.
// SPDX-License-Identifier: Apache-2.0

import Amaru

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A connected socket that carries lines: written in order, and read as they come.
///
/// One thread does both and blocks on neither, so that two processes that write much to each other
/// cannot wait for one another. What waits to be written has no bound of its own: senders keep one.
package final class LineSocket: Sendable {
    /// Makes a line, without its end, when it is its turn; nil for none after all.
    package typealias Line = @Sendable () -> [UInt8]?

    private struct State {
        var lines: [Line] = []
        var isFinishing = false
    }

    /// The most bytes of a line.
    package static let bound = 128 << 20

    /// Set when all that was sent before ``finish()`` is written, or cannot be.
    package let finished = AsyncValue<Void>()
    /// Set when the other side has finished or gone, and all of its lines have been delivered.
    package let ended = AsyncValue<Void>()

    private let socket: Descriptor
    private let wake: WakeUp
    private let state = Lock(State())

    /// Takes over a socket; nothing is read or written yet.
    ///
    /// - Throws: `AmaruError` if the process has no free descriptors.
    package init(_ socket: Descriptor) throws {
        self.socket = socket
        wake = try WakeUp()
        _ = fcntl(socket.number, F_SETFL, fcntl(socket.number, F_GETFL) | O_NONBLOCK)
    }

    // The thread holds a reference.
    deinit { wake.close() }

    /// Begins to read and write.
    ///
    /// - `onLine`: Called on the socket's thread, with each line.
    /// - Throws: `PosixError` if no thread can be started.
    package func start(onLine: @escaping @Sendable (Data) -> Void) throws {
        try startThread("amaru-lines") { [self] in run(onLine) }
    }

    /// Sends a line; what is sent after ``finish()``, or when the other side has gone, is dropped.
    package func send(_ line: @escaping Line) {
        let isFirst = state.withLock { state in
            guard !state.isFinishing else { return false }
            state.lines.append(line)
            return state.lines.count == 1
        }
        if isFirst { wake.signal() }
    }

    /// Tells the other side that nothing more comes, once all is written.
    package func finish() {
        state.withLock { $0.isFinishing = true }
        wake.signal()
    }

    /// Ends both directions; lines that have come already are still delivered.
    package func close() {
        finish()
        _ = shutdown(socket.number, Int32(SHUT_RDWR))
    }

    private func run(_ onLine: (Data) -> Void) {
        var (input, output) = (LineBuffer(), LineOutput())
        while true {
            if fill(&output), output.isEmpty, finished.current == nil {
                _ = shutdown(socket.number, Int32(SHUT_WR))
                finished.set(())
            }
            let isReading = ended.current == nil
            if !isReading, finished.current != nil { return }
            let events = (isReading ? POLLIN : 0) | (output.isEmpty ? 0 : POLLOUT)
            var entries = [
                pollfd(fd: socket.number, events: Int16(events), revents: 0),
                pollfd(fd: wake.readEnd, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&entries, 2, -1) > 0 else { continue }
            if entries[1].revents != 0 { wake.clear() }
            guard entries[0].revents != 0 else { continue }
            if !output.isEmpty { output.write(to: socket.number) }
            guard isReading, entries[0].revents & ~Int16(POLLOUT) != 0 else { continue }
            let isOpen = input.read(from: socket.number)
            while let line = input.next() { onLine(line) }
            if !isOpen || input.isOverlong {
                // What is left is written, if it can be; a side that has gone hears nothing more.
                finish()
                ended.set(())
            }
        }
    }

    /// Takes lines that are to be written; returns whether no more can come.
    private func fill(_ output: inout LineOutput) -> Bool {
        while output.count < LineOutput.piece {
            let (line, isFinishing) = state.withLock { state in
                (state.lines.isEmpty ? nil : state.lines.removeFirst(), state.isFinishing)
            }
            guard let line else { return isFinishing }
            if let bytes = line() { output.add(bytes) }
        }
        return false
    }
}

/// Bytes that come in pieces, as lines.
struct LineBuffer {
    private var bytes: [UInt8] = []
    /// Where the next line begins, and up to where there is no end of it.
    private var (start, searched) = (0, 0)

    /// What is in memory, lines that have been taken included.
    var size: Int { bytes.count }

    /// Whether a line is longer than any may be.
    var isOverlong: Bool { bytes.count - start > LineSocket.bound }

    /// Reads what is there; returns whether more may come.
    mutating func read(from socket: Int32) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 64 * 1024, alignment: 1) { buffer in
            guard let count = try? PosixCall.read(socket, into: buffer), count > 0 else {
                return false
            }
            add(buffer.prefix(count))
            return true
        }
    }

    mutating func add(_ more: some Sequence<UInt8>) {
        bytes.removeFirst(start)
        searched -= start
        start = 0
        bytes += more
    }

    /// The next line, without its end; nil if it has not come as a whole.
    mutating func next() -> Data? {
        guard let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) else {
            searched = bytes.count
            return nil
        }
        defer {
            (start, searched) = (end + 1, end + 1)
            // The memory of a long line is not kept until the next one comes.
            if start == bytes.count { (bytes, start, searched) = ([], 0, 0) }
        }
        return Data(bytes[start..<end])
    }
}

/// Bytes on their way out.
struct LineOutput {
    /// As many as are written at once.
    static let piece = 64 * 1024

    private var bytes: [UInt8] = []
    private var written = 0
    private var isBroken = false

    var count: Int { bytes.count - written }
    /// What is in memory, together with what is written already.
    var size: Int { bytes.count }
    var isEmpty: Bool { count == 0 }

    mutating func add(_ line: [UInt8]) {
        guard !isBroken else { return }
        bytes.removeFirst(written)
        written = 0
        bytes += line
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Writes as much as there is room for; if nobody reads any more, all is dropped.
    mutating func write(to socket: Int32) {
        let (count, code) = bytes[written...].withUnsafeBytes { rest in
            PosixCall.withoutBrokenPipeSignal {
                #if canImport(Glibc)
                    let count = Glibc.write(socket, rest.baseAddress, rest.count)
                #else
                    let count = Darwin.write(socket, rest.baseAddress, rest.count)
                #endif
                return (count, errno)
            }
        }
        if count < 0, code != EAGAIN, code != EINTR { isBroken = true }
        written += max(0, count)
        guard isEmpty || isBroken else { return }
        bytes = []
        written = 0
    }
}
