// Signals as an asynchronous stream.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Delivers signals to a task, each as often as it came.
///
/// The handler writes the signal's number into a pipe and nothing else. Several sources may watch
/// the same signal; when the last one is cancelled, the former action is back.
///
/// ```swift
/// let source = SignalSource([SIGINT])
/// for await _ in source.signals { answer.cancel() }
/// ```
final class SignalSource: Sendable {
    /// The signals as they come, for one task, until `cancel()`.
    let signals: AsyncStream<Int32>

    private let number: Int

    /// Where handlers write to; negative before the first source, and in forked children.
    static var descriptor: Int32 { signalPipeEnd.pointee.descriptor }

    /// Whether Python code has closed the pipe from handlers, or put another file in its place, and
    /// so what Swift's timers and waits need.
    static var hasLostDescriptors: Bool {
        let end = signalPipeEnd.pointee
        return end.descriptor >= 0 && end != PipeEnd(end.descriptor)
    }

    /// Watches signals from now on.
    ///
    /// - Throws: `PosixError` when the process is out of descriptors.
    init(_ watched: Set<Int32>) throws {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Int32.self,
            bufferingPolicy: .bufferingOldest(256)
        )
        signals = stream
        number = try SignalPipe.shared.get().add(watched, continuation)
    }

    deinit { cancel() }

    /// Stops watching; later calls do nothing.
    func cancel() {
        try? SignalPipe.shared.get().remove(number)
    }
}

/// The process' one pipe from signal handlers to a thread.
///
/// It is never closed: a handler that runs in another thread while a source is cancelled still
/// holds the descriptor's number.
private final class SignalPipe: Sendable {
    static let shared = Result { try SignalPipe() }

    private struct State {
        var next = 0
        var sources: [Int: (watched: Set<Int32>, continuation: AsyncStream<Int32>.Continuation)] =
            [:]
        var former: [Int32: SignalAction] = [:]
    }

    private let state = Lock(State())

    private init() throws {
        let ends = try PosixCall.pipe()
        // A handler must not block, even when nobody reads.
        _ = fcntl(ends.write, F_SETFL, O_NONBLOCK)
        signalPipeEnd.pointee = PipeEnd(ends.write)
        // A forked child has the same pipe, whose reader is this process.
        pthread_atfork(nil, nil) {
            // A child's copy would keep the pipe open after the parent's script has closed it.
            close(SignalSource.descriptor)
            signalPipeEnd.pointee = PipeEnd(-1)
        }
        try startThread("amaru-signals") { [self] in
            while true {
                let count = withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
                    let count = (try? PosixCall.read(ends.read, into: buffer)) ?? 0
                    for byte in buffer.prefix(count) { deliver(Int32(byte)) }
                    return count
                }
                if count == 0 || SignalSource.hasLostDescriptors {
                    ProcessEnd.leaveWithoutDescriptors()
                }
            }
        }
    }

    func add(_ watched: Set<Int32>, _ continuation: AsyncStream<Int32>.Continuation) -> Int {
        state.withLock { state in
            state.next += 1
            state.sources[state.next] = (watched, continuation)
            for signal in watched where state.former[signal] == nil {
                state.former[signal] = SignalAction(writeSignal).install(for: signal)
            }
            return state.next
        }
    }

    func remove(_ number: Int) {
        let continuation = state.withLock { state -> AsyncStream<Int32>.Continuation? in
            guard let source = state.sources.removeValue(forKey: number) else { return nil }
            for signal in source.watched {
                let isWatched = state.sources.values.contains { $0.watched.contains(signal) }
                guard !isWatched, let former = state.former.removeValue(forKey: signal) else {
                    continue
                }
                former.install(for: signal)
            }
            return source.continuation
        }
        continuation?.finish()
    }

    private func deliver(_ signal: Int32) {
        let continuations = state.withLock { state in
            state.sources.values.filter { $0.watched.contains(signal) }.map(\.continuation)
        }
        for continuation in continuations { continuation.yield(signal) }
    }
}

/// A descriptor, and what tells its file from all others.
private struct PipeEnd: Equatable {
    let descriptor: Int32
    let device: dev_t
    let number: ino_t

    init(_ descriptor: Int32) {
        var status = stat()
        fstat(descriptor, &status)
        (self.descriptor, device, number) = (descriptor, status.st_dev, status.st_ino)
    }
}

/// The write end, in memory of its own.
///
/// safe because it changes only before any handler that reads it is installed, and in a forked
/// child, which has one thread; memory instead of a variable, because a handler may interrupt Swift's own bookkeeping of a variable's access.
nonisolated(unsafe) private let signalPipeEnd = {
    let memory = UnsafeMutablePointer<PipeEnd>.allocate(capacity: 1)
    memory.initialize(to: PipeEnd(-1))
    return memory
}()

/// The handler: async-signal-safe, see signal-safety(7).
private let writeSignal: SignalHandler = { signal in
    let code = errno
    var byte = UInt8(truncatingIfNeeded: signal)
    let count = write(signalPipeEnd.pointee.descriptor, &byte, 1)
    // Python code has closed the pipe, or forked: Ctrl-C has no other way left.
    if count < 0, errno == EBADF, signal == SIGINT { endByFatalSignal(signal) }
    errno = code
}
