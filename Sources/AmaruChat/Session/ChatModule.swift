// The chat as Python sees it: the modules `_amaru_chat` and `js_module`.
// SPDX-License-Identifier: Apache-2.0

import Amaru

/// Makes the modules through which a script reaches the host.
enum ChatModule {
    /// Registers the host's modules, to be made when they are imported.
    @PythonActor
    static func register(for session: ChatSession, _ configuration: ChatConfiguration) throws {
        try Python.registerByNeed("_amaru_chat") { module(for: session, configuration) }
        try Python.registerByNeed("js_module") { tutorialModule(for: session) }
        // Last: Python's half asks at its import whether it is in a chat.
        try ScriptHost.provide(
            configuration.network,
            configuration.packages,
            in: configuration.environment
        )
    }

    /// The rich module, whose types are in `_amaru_chat.pyi`.
    static func module(
        for session: ChatSession,
        _ configuration: ChatConfiguration
    ) -> PythonModule {
        PythonModule("_amaru_chat", documentation: "The chat of the host.") {
            Turn.pythonClass
            PythonFunction("settings", documentation: "Returns the settings of this run.") {
                () in PythonCoded(session.settingsOfContext ?? configuration.settings)
            }
            PythonFunction(
                "notice",
                .positional("message"),
                documentation: "Shows one line on standard error."
            ) { (message: ShownText) in try session.speakingTurn.add(.notice(message.text)) }
            PythonFunction(
                blocking: "read_line",
                .positional("prompt"),
                documentation: "Waits for the next line of input; None at its end."
            ) { (prompt: String) async throws in try await configuration.readLine(prompt) }
            PythonFunction(
                blocking: "read_password",
                .positional("prompt"),
                documentation: "Waits for a line that is typed unseen; None at the end of input."
            ) { (prompt: String) async throws in try await configuration.readPassword(prompt) }
            PythonFunction(
                blocking: "write",
                .positional("text"),
                documentation: "Writes to the terminal, beside the chat."
            ) { (text: String) async throws in try await configuration.write(text) }
            PythonFunction(
                "has_unshown",
                documentation: "Says whether something that was said is not shown yet."
            ) { () in session.hasUnshown }
            PythonFunction(
                blocking: "wait_until_shown",
                documentation: "Waits until all that was said is shown."
            ) { () async throws in await session.waitUntilShown() }
            PythonFunction(
                "line_printed",
                documentation: """
                    Tells the host that Python is about to end a line in the shared \
                    output.
                    """
            ) { () in configuration.linePrinted() }
            PythonFunction(
                "plugin_running",
                .positional("name"),
                documentation: "Says which plugin's code runs now, the empty string for none."
            ) { (name: String) in session.pluginRuns(name) }
            PythonFunction(
                "leaving",
                documentation: "Says that the process ends now, without the host."
            ) { () in configuration.leaving() }
            PythonFunction(
                "owns_descriptors",
                .positional("low"),
                .positional("high"),
                documentation: "Tells whether descriptors of the host are among these."
            ) { (low: Int, high: Int) in low < high && configuration.ownsDescriptors(low..<high) }
            PythonFunction(
                "raised",
                .positional("task"),
                documentation: "Says that a task which was answering has raised."
            ) { (task: PythonObject) in
                do {
                    try PythonActor.runBlocking { _ = try task.result() as PythonObject }
                } catch let exception as PythonException {
                    session.showTraceback(of: exception)
                }
            }
            PythonFunction(
                "main_cancelled",
                documentation: "Says that something in the script has cancelled its main()."
            ) { () in session.mainWasCancelled() }
        }
    }

    /// The tutorial's module.
    ///
    /// Its function is async, so that both a bare call and `await` work.
    static func tutorialModule(for session: ChatSession) -> PythonModule {
        PythonModule("js_module", documentation: "The screen, as the tutorial's page offers it.") {
            PythonFunction(
                "displayResponse",
                .positional("response"),
                documentation: "Shows a reply."
            ) { (response: ShownText?) async throws in
                let turn = session.speakingTurn
                try turn.add(.display(response?.text ?? ""))
                await turn.drain()
            }
        }
    }
}
