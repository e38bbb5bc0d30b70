// The loop of `amaru repl`: a line of Python, and what it comes to.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat

/// A session in which the user types Python, or pipes it in.
struct ReplLoop {
    let program: Program
    let session: ChatSession

    private var screen: Screen { program.screen }
    private var script: ScriptRun { ScriptRun(program: program, session: session) }

    /// Runs the script, then line after line until the input ends; returns the exit code.
    ///
    /// - Throws: `TerminalError`.
    func run() async throws -> Int32 {
        do {
            _ = try await program.interrupts.cancelling(again: Python.interrupt) { [session] in
                try await session.start()
            }
        } catch let exception as PythonException where Python.isRunning {
            // As under `python -i`, its names are there all the same.
            _ = await script.report(exception)
        } catch is CancellationError where Python.isRunning {
            Report.line("KeyboardInterrupt")
        } catch {
            return await script.end(with: Report.failure(error))
        }
        let greeting = try await session.beginLines(isTyped: screen.isInteractive)
        if !greeting.isEmpty { Report.line(greeting) }
        let lines = lines
        let background = Task { [session] in try await lines.showBackground(of: session) }
        defer { background.cancel() }
        let status = try await converse()
        screen.close()
        if let message = status.message { Report.line(message) }
        return await script.end(with: status.code)
    }

    private func converse() async throws -> PythonExitStatus {
        let lines = lines
        var isIncomplete = false
        while true {
            switch try await lines.next(isIncomplete ? "... " : ">>> ") {
            case .endOfInput:
                // The end of a file ends a block too.
                if isIncomplete, !screen.isInteractive,
                    case .exited(let status) = try await runLine("")
                {
                    return status
                }
                return PythonExitStatus(code: 0)
            case .interrupted, .cleared:
                guard screen.isInteractive else {
                    return PythonExitStatus(code: ProcessEnd.interrupted)
                }
                await session.dropLines()
                isIncomplete = false
                screen.terminalInUse?.post("KeyboardInterrupt\n")
            case .completion, .editing:
                continue
            case .line(let line):
                let state = try await runLine(line)
                if case .exited(let status) = state { return status }
                isIncomplete = state == .incomplete
            }
        }
    }

    /// Runs a line with the terminal as programs expect it.
    ///
    /// Ctrl-C stops the line; the third one the program, since the line does not stop.
    private func runLine(_ line: String) async throws -> ChatSession.LineState {
        try await screen.lend()
        defer { screen.takeBack() }
        return try await program.interrupts.during { [program, session] count in
            guard count < 3 else { program.leave(ProcessEnd.interrupted, of: session) }
            Task { await session.interruptLine() }
        } _: {
            try await session.runLine(line)
        }
    }

    // MARK: Completion

    private var lines: LineReader {
        LineReader(program: program, kind: .source) { [program, session] text in
            // Looking for names runs code: properties, and `__dir__`.
            let (words, start) = await program.interrupts.during { count in
                guard count < 3 else { program.leave(ProcessEnd.interrupted, of: session) }
                Python.interrupt()
            } _: {
                await session.completions(of: text)
            }
            let word = String.UnicodeScalarView(text.unicodeScalars.dropFirst(start))
            return Completion(word: String(word), words: words)
        }
    }
}
