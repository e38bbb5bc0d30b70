// A session in Python in place of a conversation: calls into `amaru._repl`.
// SPDX-License-Identifier: Apache-2.0

public import Amaru

/// A session in which the user types Python.
///
/// It begins once ``ChatSession/start()`` has run a script with
/// ``ChatConfiguration/isForNames``, and also after that has failed.
extension ChatSession {
    /// What came of a line of Python.
    public enum LineState: Sendable, Equatable {
        /// It has run.
        case done
        /// The statement needs more lines.
        case incomplete
        /// It ends the program.
        case exited(PythonExitStatus)
    }

    @PythonActor private static func repl() throws -> PythonObject {
        try Python.import("amaru._repl")
    }

    /// Begins the session with the names of the script.
    ///
    /// - Parameter isTyped: Whether a user types the lines; else they come from a pipe or a file,
    ///   which Python's `input()` reads too.
    /// - Returns: What greets the user.
    /// - Throws: ``PythonException`` if the session's own modules cannot be imported.
    public func beginLines(isTyped: Bool) async throws -> String {
        try await PythonActor.run { try Self.repl().begin(isTyped) }
    }

    /// Runs a line, or several at once, if that makes a whole statement.
    ///
    /// - Throws: ``PythonException`` only for what is no fault of the line.
    public func runLine(_ text: String) async throws -> LineState {
        let line = try await Self.push(text)
        do {
            let isComplete: Bool = try await PythonActor.run { try Self.repl().show(line) }
            return isComplete ? .done : .incomplete
        } catch let exception as PythonException {
            guard let status = exception.exitStatus else { throw exception }
            return .exited(status)
        }
    }

    @PythonActor private static func push(_ text: String) async throws -> PythonObject {
        try await (repl().push(text) as PythonObject).awaited()
    }

    /// Stops the line that runs, on Ctrl-C; returns when it has stopped.
    public func interruptLine() async {
        let guardian = Task { try await interruptWhileBlocked() }
        await Self.interrupt()
        guardian.cancel()
        // An interrupt that came too late strikes this call, and not the next line.
        _ = await guardian.result
        _ = try? await Self.call("ready_count") as Int
    }

    @PythonActor private static func interrupt() async {
        _ = try? await (repl().interrupt() as PythonObject).awaited()
    }

    /// Forgets the lines of a statement that is not complete.
    public func dropLines() async {
        _ = try? await PythonActor.run { try Self.repl().drop() as PythonObject }
    }

    /// Finds how the last word of a text may go on.
    ///
    /// - Returns: The whole words, and the number of characters of the text before them.
    public func completions(of text: String) async -> (words: [String], start: Int) {
        let found: (words: [String], start: Int)? = try? await PythonActor.run {
            let made: PythonObject = try Self.repl().complete(text)
            return (try made[0].converted(), try made[1].converted())
        }
        return found ?? ([], text.unicodeScalars.count)
    }
}
