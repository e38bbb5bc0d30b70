// Words for a fault of a script, with what the network saw of it.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruHTTP

/// Makes a ``ChatFailure`` of an exception and of the last exchange.
///
/// A script may hide what its server said: the tutorial's transport makes each status 200. The
/// host has seen the real one.
enum FaultReport {
    static func failure(for exception: PythonException, _ outcome: HTTPOutcome?) -> ChatFailure {
        let stopped = "the script stopped with \(exception)"
        guard let outcome, let origin = outcome.origin else {
            return ChatFailure(code: "script", message: stopped, remedy: place(of: exception))
        }
        if let error = outcome.error {
            return ChatFailure(
                code: error.code.name,
                message: "the request to \(origin) failed: \(error.message); \(stopped)",
                remedy: remedy(for: error)
            )
        }
        guard let status = outcome.status else {
            return ChatFailure(code: "script", message: stopped, remedy: place(of: exception))
        }
        guard let advice = advice(for: status) else {
            return ChatFailure(
                code: "script",
                message: "\(origin) answered \(status), then \(stopped)",
                remedy: "check what answers there, or \(place(of: exception))"
            )
        }
        return ChatFailure(
            code: advice.code,
            message: "\(origin) answered \(status) (\(advice.meaning)); \(stopped)",
            remedy: advice.remedy
        )
    }

    private static func remedy(for error: HTTPTransferError) -> String {
        switch error.code {
        case .secretRefused: "see to it that the script asks the origin that the key is for"
        case .connect: "check that the server runs, and the address and the network"
        default: "try again"
        }
    }

    private static func place(of exception: PythonException) -> String {
        let lines = exception.traceback.split(separator: "\n")
        let last = lines.last { $0.hasPrefix("  File ") }
        return last.map { "mend the script:\($0.dropFirst(6))" } ?? "mend the script"
    }

    private static func advice(for status: Int) -> (
        code: String, meaning: String, remedy: String
    )? {
        switch status {
        case 401: ("authentication", "the key was refused", "check the key")
        case 403: ("authentication", "the key may not do this", "check what the key may do")
        case 404: ("not_found", "no such model or path", "check the model and the base URL")
        case 429: ("rate_limit", "too many requests, or no credit", "wait, or check your account")
        case 500...599: ("server", "the server failed", "try again later")
        case 400...499: ("bad_request", "the request was refused", "check what the script sends")
        default: nil
        }
    }
}
