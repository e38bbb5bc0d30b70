// Writes to a terminal, a pipe or a file, in order and off Swift's threads.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import Dispatch

/// An output whose writes may block without holding up any task's thread.
///
/// Texts are written one after the other. A terminal held by Ctrl-S or a slow reader of a pipe
/// blocks a queue of this object alone, and `stopAnswer()` frees those who wait for it.
final class TerminalOutput: Sendable {
    private typealias Done = AsyncValue<Result<Void, any Error>>

    private struct State {
        var isStopped = false
        /// The answers that are not written yet, by number.
        var answers: [Int: Done] = [:]
        var next = 0
        /// The one that is being written.
        var writing: Int?
        /// Whether that one is to be given up, and may be whole all the same.
        var isUndecided = false
        /// The bytes posted without an answer and not written yet.
        var posted = 0
        /// Whether some of an answer was dropped since answers were last taken.
        var hasDropped = false
        /// Whether the last text was cut, perhaps within a sequence.
        var isCut = false
    }

    private let descriptor: Int32
    private let kept: KeptDescriptor
    private let queue = DispatchQueue(label: "amaru.terminal-output")
    private let state = Lock(State())

    /// Writes to a descriptor, which stays the caller's.
    init(descriptor: Int32) {
        self.descriptor = descriptor
        kept = KeptDescriptor(descriptor)
    }

    /// The number that the output has now, whatever a script has done with the first one.
    var number: Int32 { kept.number }

    /// Writes a part of an answer; the result is there when the system has taken all of it, or
    /// the answer was stopped.
    ///
    /// It is a `TerminalError` with `outputClosed` when its reader has gone; no SIGPIPE is
    /// raised.
    func postAnswer(_ text: String) -> AsyncValue<Result<Void, any Error>> {
        let done = Done()
        let number: Int? = state.withLock { state in
            guard !state.isStopped else {
                state.hasDropped = true
                return nil
            }
            state.next += 1
            state.answers[state.next] = done
            return state.next
        }
        guard let number else {
            done.set(.success(()))
            return done
        }
        queue.async { [self] in
            state.withLock { $0.writing = number }
            let result = Result { try write(text) { isPending(number) } }
            state.withLock { state in
                state.answers[number] = nil
                state.writing = nil
                if state.isUndecided, (try? result.get()) != true { state.hasDropped = true }
                state.isUndecided = false
            }
            done.set(result.map { _ in })
        }
        return done
    }

    /// Whether so much is posted and not written yet that notices are to be dropped.
    var isFull: Bool { state.withLock { $0.posted > Self.room } }

    /// Whether all that was posted is written.
    var isIdle: Bool { state.withLock { $0.posted == 0 && $0.answers.isEmpty } }

    private static let room = 64 * 1024

    /// Writes a text without waiting for it.
    func post(_ text: String) {
        let count = text.utf8.count
        state.withLock { $0.posted += count }
        queue.async { [self] in
            _ = try? write(text) { true }
            state.withLock { $0.posted -= count }
        }
    }

    /// Drops what is not written yet of an answer, up to one piece that the system may hold
    /// already, and what comes of it until `allowAnswer()`.
    ///
    /// - Returns: Whether anything was dropped now.
    @discardableResult
    func stopAnswer() -> Bool {
        let pending = state.withLock { state in
            state.isStopped = true
            let isWriting = state.writing.map { state.answers[$0] != nil } ?? false
            if isWriting { state.isUndecided = true }
            if state.answers.count > (isWriting ? 1 : 0) { state.hasDropped = true }
            defer { state.answers = [:] }
            return state.answers.values
        }
        for done in pending { done.set(.success(())) }
        return !pending.isEmpty
    }

    /// Whether answers are dropped.
    var isStopped: Bool { state.withLock { $0.isStopped } }

    /// Takes answers again.
    func allowAnswer() {
        state.withLock { state in
            state.isStopped = false
            state.hasDropped = false
            state.isUndecided = false
        }
    }

    /// Whether some of an answer was dropped since answers were last taken.
    ///
    /// What is being written as the answer is stopped may be whole: that is waited for, a moment.
    var hasDropped: Bool {
        if state.withLock(\.isUndecided) { drain(within: 0.1) }
        return state.withLock { $0.hasDropped || $0.isUndecided }
    }

    /// What ends a sequence that was cut, a link, a style and an update that is held back.
    private static let reset = "\u{18}\u{1B}]8;;\u{1B}\\\u{1B}[0m\u{1B}[?2026l"

    /// Writes a text on the queue; on a terminal it begins with an end of what was cut before.
    ///
    /// - Returns: Whether all of it was wanted, and so written.
    @discardableResult
    private func write(_ text: String, while isWanted: () -> Bool) throws -> Bool {
        let wasCut = state.withLock { state in
            defer { state.isCut = false }
            return state.isCut
        }
        guard !Self.closed.contains(descriptor) else { throw TerminalError.closedOutput }
        let number = number
        let start = wasCut && isatty(number) == 1 ? Self.reset : ""
        let isWhole = try Self.write(start + text, to: number, while: isWanted)
        if !isWhole { state.withLock { $0.isCut = true } }
        return isWhole
    }

    private func isPending(_ number: Int) -> Bool {
        state.withLock { $0.answers[number] != nil }
    }

    /// Blocks until what was posted is written, at most for a while.
    func drain(within seconds: Double) {
        let done = DispatchSemaphore(value: 0)
        queue.async { done.signal() }
        _ = done.wait(timeout: .now() + seconds)
    }

    /// The most that a pipe takes without blocking when it is ready at all, by POSIX's rule.
    private static let piece = 4096

    /// The standard descriptors that were closed when the program started.
    ///
    /// The first use opens them on `/dev/null`, or the next file opened would take their place. The
    /// programs that are started find them closed, and so does Python, by that mark.
    static let closed: Set<Int32> = {
        var closed: Set<Int32> = []
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            closed.insert(descriptor)
            // The lowest free number, which is this one.
            _ = open("/dev/null", O_RDWR | O_CLOEXEC)
        }
        return closed
    }()

    /// Writes a text while it is wanted; blocks until the system has taken it.
    ///
    /// - Returns: Whether all of it was wanted.
    /// - Throws: `TerminalError`.
    @discardableResult
    static func write(
        _ text: String,
        to descriptor: Int32,
        while isWanted: () -> Bool = { true }
    ) throws -> Bool {
        // Waiting for a negative number would have no end.
        guard descriptor >= 0, !closed.contains(descriptor) else {
            throw TerminalError.closedOutput
        }
        var text = text
        do {
            return try PosixCall.withoutBrokenPipeSignal {
                try text.withUTF8 { bytes in
                    var rest = UnsafeRawBufferPointer(bytes)[...]
                    while !rest.isEmpty {
                        guard waitUntilWritable(descriptor, while: isWanted) else { return false }
                        let next = UnsafeRawBufferPointer(rebasing: rest.prefix(piece))
                        try PosixCall.writeAll(next, to: descriptor)
                        rest = rest.dropFirst(next.count)
                    }
                    return true
                }
            }
        } catch let error as PosixError where error.code == EPIPE {
            throw TerminalError(
                .outputClosed,
                "the output was closed by its reader",
                cause: error
            )
        } catch {
            throw TerminalError(.outputFailed, "the output failed: \(error)", cause: error)
        }
    }

    /// Waits until the output takes more; false when the text is no longer wanted.
    private static func waitUntilWritable(
        _ descriptor: Int32,
        while isWanted: () -> Bool
    ) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while isWanted() {
            // If waiting itself fails, the write says why, or blocks.
            let count = poll(&entry, 1, 50)
            if count > 0 || (count < 0 && errno != EINTR) { return true }
        }
        return false
    }
}
