// What a program writes, as it comes.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads a pipe or a terminal to its end, and lets tests wait for texts in it.
package final class OutputCapture: Sendable {
    /// How fast the output is read.
    package enum Pace: Sendable {
        /// As it comes.
        case free
        /// As a slow terminal does.
        case bytesPerSecond(Int)
        /// Not at all until `release()`.
        case held
    }

    private struct State {
        var bytes: [UInt8] = []
        /// The end of the text that was found last.
        var found = 0
        /// The start of what has not been searched for the text that is waited for.
        var searched = 0
        var hasEnded = false
        var waiting: (text: [UInt8], done: AsyncValue<Bool>)?
        var isReading: Bool
    }

    private let descriptor: OpenDescriptor
    private let pace: Pace
    private let state: Mutex<State>
    private let ended = AsyncValue<Void>()

    package init(_ descriptor: OpenDescriptor, pace: Pace = .free) throws {
        self.descriptor = descriptor
        self.pace = pace
        state = Mutex(State(isReading: false))
        if case .held = pace { return }
        try release()
    }

    /// All that has come so far, with broken UTF-8 repaired.
    package var text: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }

    /// The number of bytes so far.
    package var count: Int { state.withLock { $0.bytes.count } }

    /// Starts to read an output that is held.
    package func release() throws {
        let wasReading = state.withLock { state in
            defer { state.isReading = true }
            return state.isReading
        }
        guard !wasReading else { return }
        // Not a reference to this object: one that nobody needs any more must not read on.
        try startThread("test-output") { [descriptor, pace, ended, weak self] in
            withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { buffer in
                var piece = UnsafeMutableRawBufferPointer(rebasing: buffer[...])
                if case .bytesPerSecond(let rate) = pace {
                    piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<max(1, rate / 100)])
                }
                // On a terminal an error means that no program has it open any more.
                while let count = try? PosixCall.read(descriptor.number, into: piece), count > 0 {
                    guard let self else { break }
                    self.receive(piece.prefix(count))
                    if case .bytesPerSecond = pace { usleep(10_000) }
                }
            }
            self?.end()
            ended.set(())
        }
    }

    /// Waits until the text comes behind the one that was found last; false if the end comes first.
    ///
    /// For one task at a time.
    package func wait(for text: String) async throws -> Bool {
        let done = AsyncValue<Bool>()
        state.withLock { state in
            state.waiting = (Array(text.utf8), done)
            state.searched = state.found
            Self.match(&state)
        }
        return try await done.wait()
    }

    /// Waits for the end of the output.
    package func waitForEnd() async throws {
        try release()
        try await ended.wait()
    }

    private func receive(_ bytes: some Sequence<UInt8>) {
        state.withLock { state in
            state.bytes += bytes
            Self.match(&state)
        }
    }

    private func end() {
        state.withLock { state in
            state.hasEnded = true
            Self.match(&state)
        }
    }

    private static func match(_ state: inout State) {
        guard let (text, done) = state.waiting else { return }
        if let place = state.bytes[state.searched...].firstRange(of: text) {
            state.found = place.upperBound
            state.waiting = nil
            done.set(true)
        } else if state.hasEnded {
            state.waiting = nil
            done.set(false)
        } else {
            state.searched = max(state.found, state.bytes.count - text.count + 1)
        }
    }
}

/// An open file that is closed with the last reference to it.
package final class OpenDescriptor: Sendable {
    package let number: Int32

    package init(_ number: Int32) { self.number = number }

    deinit { close(number) }
}
