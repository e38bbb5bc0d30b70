// The orderly end of Python, which neither hangs nor finalises.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// Ends the event loop and what hangs on it.
enum Shutdown {
    @PythonActor
    static func run(grace: Duration) async throws -> [String] {
        try Interpreter.requireRunning()
        let seconds = Double(grace.components.seconds) + Double(grace.components.attoseconds) / 1e18
        let gil = PythonGIL()
        let ending = PythonObject(try Runtime.call("shut_down", [seconds], gil))
        var stuck: [String] = try await ending.awaited().value()
        let finished = PythonObject(
            try EventLoop.withoutRunningLoop { try Runtime.call("finish", [seconds], PythonGIL()) }
        )
        stuck += try finished.value(as: [String].self)
        try EventLoop.end()
        PendingAwait.abandonAll(
            AmaruError(.notRunning, "Python was shut down while this was awaited.")
        )
        return stuck
    }
}
