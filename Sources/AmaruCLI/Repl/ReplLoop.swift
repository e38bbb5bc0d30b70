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
        let background = Task { try await showBackground() }
        defer { background.cancel() }
        let status = try await converse()
        screen.close()
        if let message = status.message { Report.line(message) }
        return await script.end(with: status.code)
    }

    private func showBackground() async throws {
        defer { screen.close() }
        for try await event in session.background { try await screen.show(event) }
    }

    private func converse() async throws -> PythonExitStatus {
        var (isIncomplete, typed) = (false, "")
        while true {
            let next = try await nextLine(isIncomplete ? "... " : ">>> ", typed)
            typed = ""
            switch next {
            case .endOfInput:
                // The end of a file ends a block too.
                if isIncomplete, !screen.isInteractive,
                    case .exited(let status) = try await runLine("")
                {
                    return status
                }
                return PythonExitStatus(code: 0)
            case .interrupted:
                guard screen.isInteractive else {
                    return PythonExitStatus(code: ProcessEnd.interrupted)
                }
                await session.dropLines()
                isIncomplete = false
                screen.terminalInUse?.post("KeyboardInterrupt\n")
            case .completion(let text):
                typed = try await complete(text)
            case .line(let line):
                let state = try await runLine(line)
                if case .exited(let status) = state { return status }
                isIncomplete = state == .incomplete
            }
        }
    }

    /// The next line, or the end of input when something in Python has ended the program.
    private func nextLine(_ prompt: String, _ typed: String) async throws -> LineResult {
        do {
            return try await program.interrupts.during({ _ in }) {
                try await screen.readSource(prompt: prompt, completion: typed)
            }
        } catch let error as TerminalError where error.code == .closed {
            return .endOfInput
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

    /// Returns what of the last word is certain; shows the choice if there is one.
    private func complete(_ text: String) async throws -> String {
        // Looking for names runs code: properties, and `__dir__`.
        let (words, start) = await program.interrupts.during { [program, session] count in
            guard count < 3 else { program.leave(ProcessEnd.interrupted, of: session) }
            Python.interrupt()
        } _: {
            await session.completions(of: text)
        }
        let word = String(String.UnicodeScalarView(text.unicodeScalars.dropFirst(start)))
        guard let first = words.first else { return "" }
        let common = words.dropFirst().reduce(first) { $0.commonPrefix(with: $1) }
        if common.count > word.count { return String(common.dropFirst(word.count)) }
        if words.count > 1 {
            let shown = words.map { EscapeFilter.clean($0) }.joined(separator: "  ")
            screen.terminalInUse?.post(shown + "\n")
        }
        return ""
    }
}

extension String {
    /// The characters that two texts begin with.
    fileprivate func commonPrefix(with other: String) -> String {
        String(zip(self, other).prefix { $0 == $1 }.map(\.0))
    }
}
