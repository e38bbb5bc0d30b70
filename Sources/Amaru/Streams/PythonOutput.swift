// What Python writes, as an AsyncSequence.
// SPDX-License-Identifier: Apache-2.0

/// The text that Python code writes to a stream, as an `AsyncSequence` for one consumer.
///
/// ```swift
/// let output = PythonOutput()
/// async let text = output.reduce("", +)
/// try await Python.withOutput(to: output) { try await Python.run("print('hello')") }
/// print(await text)
/// ```
///
/// Each element is all that was written since the last. A write cannot wait for the consumer, who
/// may need the thread that writes: text beyond the limit raises BlockingIOError in Python, as a
/// full pipe that does not block would.
public final class PythonOutput: AsyncSequence, Sendable {
    private let limit: Int
    private let text = Lock("")
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// Creates a sequence that nothing writes to yet.
    ///
    /// - Parameter limit: The UTF-8 bytes that wait for the consumer at most.
    public init(limit: Int = 16 << 20) {
        self.limit = limit
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes text, on any thread; as the target of a stream it is what Python calls.
    ///
    /// - Throws: An error that is BlockingIOError in Python, where the consumer is too far behind;
    ///   the text is then not taken.
    public func write(_ piece: String) throws {
        try text.withLock { text in
            guard text.utf8.count + piece.utf8.count <= limit else {
                throw PythonOutputFull(limit: limit)
            }
            text += piece
        }
        wake.yield()
    }

    /// Ends the sequence after what was written.
    public func finish() {
        wake.finish()
    }

    /// Begins the iteration; there is one.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(output: self) }

    /// The iteration over what is written.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let output: PythonOutput
        private var wakes: AsyncStream<Void>.AsyncIterator

        init(output: PythonOutput) {
            self.output = output
            wakes = output.wakes.makeAsyncIterator()
        }

        /// Waits for text; nil after the end, and where the task is cancelled.
        public mutating func next() async -> String? { await next(isolation: nil) }

        /// Waits for text, in the isolation of the caller.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> String? {
            while true {
                if let text = output.take() { return text }
                // The end may come with text that was written just before.
                guard await wakes.next(isolation: actor) != nil else { return output.take() }
            }
        }
    }

    private func take() -> String? {
        text.withLock { text in
            guard !text.isEmpty else { return nil }
            defer { text = "" }
            return text
        }
    }
}

/// The refusal of text that nobody has read for too long.
private struct PythonOutputFull: PythonExceptionConvertible, CustomStringConvertible {
    let limit: Int

    var pythonExceptionType: String { "BlockingIOError" }
    var pythonExceptionArguments: [any ConvertibleToPython & Sendable] { [description] }
    var description: String {
        "the reader of this stream is \(limit) bytes behind: read it while Python writes, or "
            + "give PythonOutput a larger limit"
    }
}
