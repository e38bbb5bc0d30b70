// Calls into the session's Python half.
// SPDX-License-Identifier: Apache-2.0

import Amaru

/// Calls into `amaru._script`.
///
/// They are jobs of the event loop, where the running loop is set: what a script's entry points
/// may do in asyncio they may do here.
extension ChatSession {
    @PythonActor
    static func host() throws -> PythonObject { try Python.import("amaru._script") }

    @PythonActor
    static func call<Value: ConvertibleFromPython>(_ function: String) throws -> Value {
        try host().readAttribute(function).dynamicallyCall(withArguments: [])
    }

    /// Runs a script as `__main__`, with the host's modules there to be imported.
    func run(_ script: ChatScript, _ configuration: ChatConfiguration) async throws {
        let prepared: [PythonObject] = try await PythonActor.run {
            try ChatModule.register(for: self, configuration)
            let made: PythonObject = try Self.host().prepare(
                script.kind.rawValue,
                script.path,
                script.filename,
                script.arguments,
                script.contents
            )
            return try [made[0], made[1], made[2]]
        }
        let path: String = try await PythonActor.run { try prepared[2].converted() }
        try await Python.runFile(prepared[1], path: path, globals: prepared[0])
    }
}
