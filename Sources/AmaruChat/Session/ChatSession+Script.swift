// Calls into the session's Python half.
// SPDX-License-Identifier: Apache-2.0

public import Amaru

/// `amaru._script`, kept: a script may empty `sys.modules`.
@PythonActor private var foundHost: PythonObject?

/// Calls into `amaru._script`.
///
/// They are jobs of the event loop, where the running loop is set: what a script's entry points
/// may do in asyncio they may do here.
extension ChatSession {
    @PythonActor
    static func host() throws -> PythonObject {
        if let found = foundHost { return found }
        let found: PythonObject = try Python.import("amaru._script")
        foundHost = found
        return found
    }

    @PythonActor
    static func call<Value: ConvertibleFromPython>(_ function: String) throws -> Value {
        try host().readAttribute(function).dynamicallyCall(withArguments: [])
    }

    /// Runs a script as `__main__`, with the host's modules there to be imported.
    func run(_ script: ChatScript, _ configuration: ChatConfiguration) async throws {
        let (namespace, source, path) = try await PythonActor.run {
            try ChatModule.register(for: self, configuration)
            let made: PythonObject = try Self.host().prepare(
                script.kind.rawValue,
                script.path,
                script.filename,
                script.arguments,
                script.contents
            )
            let (namespace, source): (PythonObject, PythonObject) = try (made[0], made[1])
            return (namespace, source, try made[2].converted(to: String.self))
        }
        try await Python.runScript(
            source,
            path: path,
            globals: namespace,
            takesInterrupts: configuration.takesInterrupts
        )
    }

    /// Reports an exception that the script raised as python does, by `sys.excepthook`.
    ///
    /// - Returns: What the user can do, if known.
    /// - Throws: The `SystemExit` of a hook that ends the program.
    public func report(_ exception: PythonException) async throws -> String {
        try await PythonActor.run { try Self.host().report(exception.object) }
    }

    /// Releases the frames that the traceback of an exception keeps alive.
    package func releaseFrames(of exception: PythonException) async {
        _ = try? await PythonActor.run { try Self.host().release_frames(exception.object) }
    }

    /// Whether the script sees its turns, and so what a ``ChatRequest`` asks for.
    ///
    /// Waits for the script's start, and is false if that fails.
    public func readsRequests() async -> Bool {
        guard case .chat? = try? await start() else { return false }
        return (try? await PythonActor.run { try Self.host().reads_requests() as Bool }) ?? false
    }

    /// Writes out what the script has printed.
    ///
    /// - Returns: Whether that worked; what did not is reported on standard error.
    public func flush() async -> Bool {
        guard Python.isRunning else { return true }
        return (try? await PythonActor.run { try Self.host().flush() as Bool }) ?? true
    }
}
