// One run of a named script: its own code first, then the chat if it offers one.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat

/// Runs a script as `python` would, and converses with it if it can.
struct ScriptRun {
    let program: Program
    let session: ChatSession
    /// Whether the script was the input, so that nothing is left of that.
    var isInputRead = false

    /// A script may leave threads that do their work to the end, as under `python`.
    private static let patience = Duration.seconds(24 * 3600)
    /// The code of `python` when standard output cannot be written at the end.
    private static let notWritten: Int32 = 120

    func run(recordedBy record: ChatRecord) async throws -> Int32 {
        do {
            let offer = try await program.interrupts.cancelling(again: Python.interrupt) {
                [session] in try await session.start()
            }
            guard case .chat(let takesKey) = offer else { return await end(with: 0) }
            if isInputRead {
                throw ChatScriptError(
                    "The script on standard input converses, and no input is left to converse "
                        + "with: write it to a file, and run that."
                )
            }
            if takesKey { try await program.askForKey() }
        } catch _ where session.background.end != nil {
            // By `sys.exit` in a task or a callback.
            return await end(with: 0)
        } catch let exception as PythonException {
            return await end(with: await report(exception))
        } catch {
            return await end(with: Report.failure(error))
        }
        return try await ChatLoop(program: program, session: session, record: record)
            .converse()
    }

    /// Reports an exception as `python` does, and returns the exit code.
    func report(_ exception: PythonException) async -> Int32 {
        if let status = exception.exitStatus {
            if let message = status.message { Report.line(message) }
            await interruptible { await session.releaseFrames(of: exception) }
            return status.code
        }
        var advice = ""
        do {
            advice = try await interruptible { try await session.report(exception) }
        } catch let exit as PythonException where exit.exitStatus != nil {
            return await report(exit)
        } catch {
            Report.text(exception.traceback)
        }
        if !advice.isEmpty { Report.line("amaru: \(advice)") }
        return Report.code(of: exception)
    }

    /// Writes out what is left and ends Python; returns the program's code.
    func end(with code: Int32) async -> Int32 {
        let isWritten = await interruptible {
            let isWritten = await session.flush()
            await session.shutDown(grace: Self.patience)
            return isWritten
        }
        if case .exited(let requested) = session.background.end { return requested }
        return isWritten ? code : Self.notWritten
    }

    /// Runs `body`, in which the first Ctrl-C interrupts Python, and a second one ends the program.
    private func interruptible<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        try await program.interrupts.during(
            { [program, session] count in
                guard count == 1 else { program.leave(ProcessEnd.interrupted, of: session) }
                Python.interrupt()
            },
            body
        )
    }
}
