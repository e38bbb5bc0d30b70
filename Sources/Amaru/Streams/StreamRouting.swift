// Brings the standard streams of Python to their targets in Swift.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The objects that stand in `sys.stdout`, `sys.stderr` and `sys.stdin` once a route is used.
///
/// They look at a context variable at each use, and pass to the streams that stood there before
/// what has no route. The variable goes with a task-local, as those that a program declares do.
enum StreamRouting {
    /// Safe because it is touched on the Python thread only.
    private nonisolated(unsafe) static var isInstalled = false

    /// Puts the routed streams in place, once; on the Python thread.
    ///
    /// - `processWide`: The targets of what has no route of its own.
    static func install(_ processWide: PythonStreams?) throws {
        guard !isInstalled else { return }
        let gil = PythonGIL()
        let emit = try NativeFunction.make("write") { arguments, _, gil in
            let streams = try StreamRoute.route(in: arguments[0]).streams
            let isError = arguments[1] == amaru_true()
            let text = try String.fromPython(BorrowedReference(arguments[2]), gil)
            try (isError ? streams?.errorOutput : streams?.output)?(text)
            return OwnedReference(borrowed: amaru_none())
        }
        let read = try NativeFunction.make("readline") { arguments, _, gil in
            try line(of: StreamRoute.route(in: arguments[0])).pythonReference(gil)
        }
        let exchange = try NativeFunction.make("exchange") { arguments, _, gil in
            let route = try StreamRoute.route(in: arguments[0])
            let index = try Int.fromPython(BorrowedReference(arguments[1]), gil)
            let rest = PythonObject(OwnedReference(borrowed: arguments[2]))
            let former = route.rests.withLock { $0.updateValue(rest, forKey: index) }
            return former?.newReference(gil) ?? PythonNone().pythonReference(gil)
        }
        let route = PythonObject(try StreamRoute(streams: processWide).pythonReference(gil))
        let variable = try Runtime.call(
            .streams,
            "route_streams",
            [emit, read, exchange, route],
            gil
        )
        try ContextPairs.bind(StreamRoute.$ofTask, to: variable.pointer, gil)
        isInstalled = true
    }

    /// Waits for a line; nil is the end.
    private static func line(of route: StreamRoute) throws -> String? {
        guard let input = route.streams?.input else { return nil }
        do {
            return try BlockingWait.run {
                let line = try await input()
                // A source that is cancelled may say that it has ended.
                try Task.checkCancellation()
                return line
            }
        } catch is CancellationError {
            // What `input()` raises under python.
            throw PendingPythonError.keyboardInterrupt()
        }
    }
}
