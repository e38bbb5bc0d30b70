// Where the standard streams of Python go, for one task or for the process.
// SPDX-License-Identifier: Apache-2.0

/// Targets for `sys.stdout` and `sys.stderr`, and a source for `sys.stdin`.
///
/// ```swift
/// let streams = PythonStreams(output: { log.append($0) }, input: { await prompt() })
/// try await Python.withStreams(streams) { try await Python.run("print(input('name? '))") }
/// ```
///
/// A stream without a target keeps the one that it has further out: the enclosing
/// ``Python/withStreams(_:_:)``, the ``PythonConfiguration/streams`` of the process, the
/// descriptors of the process.
public struct PythonStreams: Sendable {
    /// Takes a piece of text that Python code wrote.
    ///
    /// It is called on the thread that writes, with the GIL held: it must not block. What it
    /// throws is raised by the `write` or `print`. Bytes that are written to `sys.stdout.buffer`
    /// arrive as UTF-8; what is none, as U+FFFD.
    public typealias Output = @Sendable (_ text: String) throws -> Void

    /// Gives the next line, without its end; nil is the end of the input.
    ///
    /// It blocks the Python thread that reads, with the GIL released, until it returns or an
    /// interrupt cancels it. It must not use ``PythonActor``, which may be what waits for it.
    public typealias Input = @Sendable () async throws -> String?

    /// Takes what is written to `sys.stdout`.
    public var output: Output?
    /// Takes what is written to `sys.stderr`.
    public var errorOutput: Output?
    /// Gives what is read from `sys.stdin`.
    public var input: Input?

    /// Creates a set of targets; nil leaves a stream where it goes.
    public init(output: Output? = nil, errorOutput: Output? = nil, input: Input? = nil) {
        self.output = output
        self.errorOutput = errorOutput
        self.input = input
    }

    /// The targets of this set, and those of `outer` where it has none.
    func inside(_ outer: PythonStreams?) -> PythonStreams {
        PythonStreams(
            output: output ?? outer?.output,
            errorOutput: errorOutput ?? outer?.errorOutput,
            input: input ?? outer?.input
        )
    }
}

extension Python {
    /// Runs `body` with the standard streams of Python routed to `streams`.
    ///
    /// The route belongs to the task: to Python code that `body` enters, to the tasks that this
    /// starts, and to threads that take the context along, such as those of `asyncio.to_thread`;
    /// not to others that run at the same time. Tasks that outlive `body` keep it. What writes to
    /// the descriptors themselves, such as a subprocess, is not routed.
    ///
    /// - Throws: What `body` throws; ``AmaruError/Code/notRunning`` where Python does not run.
    @discardableResult
    public static func withStreams<Value>(
        _ streams: PythonStreams,
        _ body: () async throws -> Value
    ) async throws -> Value {
        try await PythonActor.run { try StreamRouting.install(nil) }
        let route = StreamRoute(streams: streams.inside(StreamRoute.ofTask.streams))
        return try await StreamRoute.$ofTask.withValue(route, operation: body)
    }

    /// Runs `body` with what it prints to `sys.stdout` given to `output`, piece by piece.
    ///
    /// As ``withStreams(_:_:)``.
    ///
    /// - Throws: What `body` throws.
    @discardableResult
    public static func withOutput<Value>(
        to output: @escaping PythonStreams.Output,
        _ body: () async throws -> Value
    ) async throws -> Value {
        try await withStreams(PythonStreams(output: output), body)
    }

    /// Runs `body` with what it prints to `sys.stdout` given to `output`, an `AsyncSequence`.
    ///
    /// As ``withStreams(_:_:)``. The sequence ends when `body` does; iterate over it in another
    /// task.
    ///
    /// - Throws: What `body` throws.
    @discardableResult
    public static func withOutput<Value>(
        to output: PythonOutput,
        _ body: () async throws -> Value
    ) async throws -> Value {
        defer { output.finish() }
        return try await withStreams(PythonStreams(output: output.write), body)
    }
}
