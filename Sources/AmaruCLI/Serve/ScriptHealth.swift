// Whether a served script answers, and why not.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat

/// What the page is told about the script.
final class ScriptHealth: Sendable {
    private let state = Lock((isUp: false, fault: ChatFailure?.none))

    /// Whether the script has started and goes on.
    var isUp: Bool {
        get { state.withLock { $0.isUp } }
        set { state.withLock { $0.isUp = newValue } }
    }

    /// Why the script does not answer; nil while it starts, and when it does.
    var fault: ChatFailure? {
        get { state.withLock { $0.fault } }
        set { state.withLock { $0.fault = newValue } }
    }

    private static let remedy = "Fix it and save: the server starts it again."

    static let offersNothing = ChatFailure(
        code: "script",
        message: "the script offers nothing that answers messages",
        remedy: "Define sender_message_proxy(api_key, text), or mark a function with @amaru.reply."
    )

    static func exited(_ code: Int32, _ words: String? = nil) -> ChatFailure {
        let reason = words.map { ": \($0)" } ?? ""
        let message = "the script has ended itself (exit status \(code))\(reason)"
        return ChatFailure(code: "script", message: message, remedy: remedy)
    }

    /// What an error of the script, or of its start, means to those who look at the page.
    ///
    /// The whole traceback goes to standard error: it names places on this machine.
    static func fault(of error: any Error, in session: ChatSession?) async -> ChatFailure {
        switch error {
        case let failure as ChatFailure:
            return failure
        case let exception as PythonException:
            if let status = exception.exitStatus { return exited(status.code, status.message) }
            let advice = try? await session?.report(exception)
            if advice == nil { Report.text(exception.traceback) }
            return ChatFailure(
                code: "script",
                message: "the script raised \(exception)",
                remedy: advice.map { $0.isEmpty ? remedy : $0 } ?? remedy
            )
        default:
            return ChatFailure(code: "start", message: "\(error)", remedy: remedy)
        }
    }
}
