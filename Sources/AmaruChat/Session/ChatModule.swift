// The chat as Python sees it: the modules `_amaru_chat` and `js_module`.
// SPDX-License-Identifier: Apache-2.0

import Amaru

/// Makes the modules through which a script reaches the screen.
enum ChatModule {
    /// Takes what scripts show; must not block.
    typealias Sink = @Sendable (ChatEvent) -> Void

    /// The rich module, whose types are in `_amaru_chat.pyi`.
    static func module(
        settings: ChatSettings,
        sink: @escaping Sink,
        readLine: @escaping @Sendable (String) async throws -> String?
    ) -> PythonModule {
        PythonModule("_amaru_chat", documentation: "The chat of the host.") {
            PythonFunction("settings") { () in settings.dictionary }
            PythonFunction("text") { (turn: Int, delta: String) in sink(.text(turn: turn, delta)) }
            PythonFunction("reasoning") { (turn: Int, delta: String) in
                sink(.reasoning(turn: turn, delta))
            }
            PythonFunction("tool_call") { (turn: Int, name: String, arguments: String) in
                sink(.toolCall(turn: turn, name: name, arguments: arguments))
            }
            PythonFunction("usage") { (turn: Int, prompt: Int, completion: Int) in
                sink(.usage(turn: turn, prompt: prompt, completion: completion))
            }
            PythonFunction("finished") { (turn: Int, reason: String) in
                sink(.finished(turn: turn, reason: reason))
            }
            PythonFunction("failed") {
                (turn: Int, code: String, message: String, remedy: String) in
                sink(
                    .failed(
                        turn: turn,
                        ChatFailure(code: code, message: message, remedy: remedy)
                    )
                )
            }
            PythonFunction("notice") { (message: String) in sink(.notice(message)) }
            PythonFunction("display") { (text: String) in sink(.display(turn: 0, text)) }
            PythonFunction(blocking: "read_line") { (prompt: String) async throws in
                try await readLine(prompt)
            }
        }
    }

    /// The tutorial's module.
    ///
    /// An async function, so that both a bare call and `await` work.
    static func tutorialModule(sink: @escaping Sink) -> PythonModule {
        PythonModule("js_module", documentation: "The screen, as the tutorial's page offers it.") {
            PythonFunction("displayResponse", documentation: "Shows a reply.") {
                (response: String?) async in
                sink(.display(turn: 0, response ?? ""))
            }
        }
    }
}
