// The namespace of the interpreter: start, import, evaluate, run, end.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The process's Python interpreter.
///
/// ```swift
/// let answer = try await PythonActor.run { try Python.eval("6 * 7", as: Int.self) }
/// ```
public enum Python {
    /// Starts Python and waits until it runs.
    ///
    /// Optional: the first use of ``PythonActor`` starts it with the default configuration.
    /// Starting again with an equal configuration does nothing.
    ///
    /// - Throws: ``AmaruError`` with the code ``AmaruError/Code/alreadyStarted``,
    ///   ``AmaruError/Code/environmentMismatch`` or ``AmaruError/Code/startFailed``.
    public static func start(_ configuration: PythonConfiguration = .init()) async throws {
        try await Interpreter.start(configuration)
    }

    /// Begins to start Python, and does not wait for it.
    ///
    /// - Throws: ``AmaruError``, as ``start(_:)`` does before Python is initialised.
    package static func beginStart(_ configuration: PythonConfiguration) throws {
        try Interpreter.begin(configuration)
    }

    /// Whether Python runs; from any thread.
    public static var isRunning: Bool { Interpreter.isRunning }

    /// The number of Swift functions that Python code has called and that have not ended.
    ///
    /// From any thread.
    public static var pendingAwaitables: Int { SwiftAwaitable.pendingCount }

    /// Interrupts what Python is doing right now with `KeyboardInterrupt`; from any thread.
    ///
    /// It strikes the innermost synchronous call that runs, else the step of a task that the
    /// event loop is in. An idle event loop is not disturbed. In a Swift function that blocks,
    /// the interrupt cancels that function.
    public static func interrupt() {
        Interrupts.interruptCurrent()
    }

    /// Interrupts what Python is doing right now, as ``interrupt()`` does, if it is what is meant.
    ///
    /// It takes the place of an interrupt that Python has not noticed yet.
    ///
    /// - Parameter isMeant: Asked on Python's thread, in the context of the code that would be
    ///   struck.
    package static func interrupt(if isMeant: @escaping @Sendable () -> Bool) {
        Interrupts.interruptCurrent(if: isMeant)
    }

    /// Runs a source that may contain top-level `await`, and returns the value of its last
    /// expression, or None.
    ///
    /// With an `await` in it the source is a task of the event loop, and cancelling the calling
    /// task cancels it. Without, it runs to completion with no loop running, so `asyncio.run`
    /// works in it, and cancelling the calling task interrupts it.
    ///
    /// Sources do not see each other's names, so they may run at once. Those that are to share them
    /// get one namespace, such as that of `__main__`:
    ///
    /// ```swift
    /// try await Python.run("import numpy as np", globals: Python.globals())
    /// ```
    ///
    /// - Parameters:
    ///   - source: The text.
    ///   - filename: What tracebacks call it; if nil, a name of its own.
    ///   - globals: The namespace; if nil, a new one, in which `__name__` is `__main__`.
    /// - Returns: The value of the last expression.
    /// - Throws: ``PythonException``; for a syntax error too, with file, line and caret.
    ///   `CancellationError` if the calling task is cancelled and the source ends by that; what
    ///   the source raises in its own handlers is thrown as it is.
    @discardableResult
    public static func run(
        _ source: String,
        filename: String? = nil,
        globals: PythonObject? = nil
    ) async throws -> PythonObject {
        try await PythonException.endingCancelled {
            try await run(globals: globals) { namespace in
                try PythonException.completing { try execute(source, filename, in: namespace) }
            }
        }
    }

    /// Runs a whole file, in the encoding that it declares, in the way of ``run(_:filename:globals:)``.
    ///
    /// - Parameters:
    ///   - contents: The bytes of the file.
    ///   - path: What tracebacks call it.
    ///   - globals: The namespace; if nil, a new one, in which `__name__` is `__main__`.
    /// - Throws: What ``run(_:filename:globals:)`` throws.
    public static func runFile(
        _ contents: some ConvertibleToPython & Sendable,
        path: String,
        globals: PythonObject? = nil
    ) async throws {
        try await PythonException.endingCancelled {
            _ = try await run(globals: globals) { namespace in
                try PythonException.completing {
                    try execute(file: contents, path: path, in: namespace)
                }
            }
        }
    }

    /// Runs a program whose first thread, the calling one, becomes the Python thread.
    ///
    /// - Parameter program: The program, which ends the process.
    package static func serveFirstThread(_ program: sending @escaping () async -> Never) -> Never {
        InterpreterThread.serve(program)
    }

    /// Runs a whole file in the way of `python`: a cancelled one ends with `KeyboardInterrupt`,
    /// whose traceback says where it was, unless it awaits.
    ///
    /// The text of the traceback of what it raises is without the lines of the source: Python itself
    /// can show it. If it takes interrupts, SIGINT goes to Python meanwhile and not to the program, unless the file
    /// awaits.
    ///
    /// - Throws: ``PythonException``; `CancellationError` if a file with `await` is cancelled.
    package static func runScript(
        _ contents: some ConvertibleToPython & Sendable,
        path: String,
        globals: PythonObject?,
        takesInterrupts: Bool = false
    ) async throws {
        _ = try await run(globals: globals, takesInterrupts: takesInterrupts) { namespace in
            try execute(file: contents, path: path, in: namespace)
        }
    }

    /// - `execute`: Runs code in a namespace; returns the value, and whether that is to be awaited.
    private static func run(
        globals: PythonObject?,
        takesInterrupts: Bool = false,
        _ execute: @escaping @PythonActor @Sendable (PythonObject) throws -> (PythonObject, Bool)
    ) async throws -> PythonObject {
        try Interpreter.refuseAfterEnd()
        let call = CallID.next()
        return try await NestedLoop.entering {
            try await withTaskCancellationHandler {
                try await run(call, globals, takesInterrupts, execute)
            } onCancel: {
                Interrupts.interrupt(call)
            }
        }
    }

    @PythonActor
    private static func run(
        _ call: CallID,
        _ globals: PythonObject?,
        _ takesInterrupts: Bool,
        _ execute: @PythonActor @Sendable (PythonObject) throws -> (PythonObject, Bool)
    ) async throws -> PythonObject {
        try Interpreter.requireRunning()
        try Task.checkCancellation()
        let namespace = try globals ?? PythonObject(["__name__": "__main__"])
        let (value, isAwaited) = try PythonActor.synchronously(call) {
            // Again: what came before the call could be aimed at has struck nothing.
            try Task.checkCancellation()
            guard takesInterrupts else { return try execute(namespace) }
            return try InterpreterHooks.handlingInterruptsLikePython { try execute(namespace) }
        }
        return isAwaited ? try await value.awaited() : value
    }

    /// Runs a source; returns its value, or what is to be awaited for it.
    @PythonActor
    private static func execute(
        _ source: String,
        _ filename: String?,
        in namespace: PythonObject
    ) throws -> (PythonObject, isAwaited: Bool) {
        let gil = PythonGIL()
        let codes = PythonObject(
            try Runtime.call(.sources, "compile_source", [source, filename], gil)
        )
        guard try awaits(codes) else { return (try evaluate(codes, in: namespace), false) }
        return (PythonObject(try Runtime.call(.codes, "run_async", [codes, namespace], gil)), true)
    }

    /// Runs a file; returns None, or a coroutine that is to be awaited.
    @PythonActor
    private static func execute(
        file contents: some ConvertibleToPython,
        path: String,
        in namespace: PythonObject
    ) throws -> (PythonObject, isAwaited: Bool) {
        let result = try FileCode.run(contents, path: path, in: namespace)
        return (result, amaru_is_coroutine(result.pointer) != 0)
    }

    /// Whether some of codes await.
    @PythonActor
    private static func awaits(_ codes: PythonObject) throws -> Bool {
        try elements(of: codes, as: PythonObject.self).contains { code in
            try code.readAttribute("co_flags").converted(to: Int32.self) & CO_COROUTINE != 0
        }
    }

    /// Runs code that does not await, and returns the value of the last.
    ///
    /// Not by a function of Python: whoever looks at the frames finds those of the source alone.
    @PythonActor
    private static func evaluate(_ codes: PythonObject, in namespace: PythonObject) throws
        -> PythonObject
    {
        var result = try PythonObject(PythonNone())
        for code in try Python.elements(of: codes) as [PythonObject] {
            result = PythonObject(try evaluate(code.pointer, globals: namespace))
        }
        return result
    }

    /// Ends what runs in Python, in order: tasks, generators, threads, exit functions, output.
    ///
    /// Each part gets at most `grace`; a Python thread that does not take part at all is interrupted
    /// after that time, and given up after as much again. So this never hangs. It runs to its end
    /// also where the calling task is cancelled, and a second call waits for the first one.
    /// Python is not finalised, and cannot be started again: afterwards each entry throws
    /// ``AmaruError/Code/notRunning``.
    ///
    /// - Returns: The names of what did not end in time.
    @discardableResult
    public static func shutDown(grace: Duration = .seconds(5)) async -> [String] {
        guard Interpreter.isRunning else { return [] }
        return await Shutdown.run(grace: grace)
    }
}
