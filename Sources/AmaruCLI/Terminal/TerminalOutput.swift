// Writes to a terminal, a pipe or a file, in order and off Swift's threads.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// An output whose writes may block without holding up any task's thread.
///
/// Texts are written one after the other, each whole. A terminal held by Ctrl-S or a slow reader
/// of a pipe blocks a queue of this object alone.
final class TerminalOutput: Sendable {
    private let descriptor: Int32
    private let queue = DispatchQueue(label: "amaru.terminal-output")

    /// Writes to a descriptor, which stays the caller's.
    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Writes a text and returns when the system has taken all of it.
    ///
    /// - Throws: `TerminalError` with `outputClosed` when nobody reads any more (no SIGPIPE is
    ///   raised), `CancellationError` when the task is cancelled first; the text may still appear.
    func write(_ text: String) async throws {
        try await post(text).wait().get()
    }

    /// Writes a text without waiting for it.
    @discardableResult
    func post(_ text: String) -> AsyncValue<Result<Void, any Error>> {
        let done = AsyncValue<Result<Void, any Error>>()
        queue.async { [descriptor] in
            done.set(Result { try Self.write(text, to: descriptor) })
        }
        return done
    }

    /// Blocks until what was posted is written, for whoever closes the descriptor.
    func drain() {
        queue.sync {}
    }

    private static func write(_ text: String, to descriptor: Int32) throws {
        var text = text
        do {
            try PosixCall.withoutBrokenPipeSignal {
                try text.withUTF8 {
                    try PosixCall.writeAll(UnsafeRawBufferPointer($0), to: descriptor)
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
}
