// What an examination found of one part, and what to do about it.
// SPDX-License-Identifier: Apache-2.0

/// One line of `amaru doctor`.
struct Finding: Encodable, Equatable, Sendable {
    /// How a part is.
    enum State: String, Encodable, Sendable {
        /// It works.
        case ok
        /// It works, perhaps not as the user wants.
        case warning
        /// It does not work.
        case failed
    }

    let check: String
    let state: State
    let detail: String
    /// What to do; empty if it works.
    var remedy = ""

    static func ok(_ check: String, _ detail: String) -> Finding {
        Finding(check: check, state: .ok, detail: detail)
    }

    static func warning(_ check: String, _ detail: String, _ remedy: String) -> Finding {
        Finding(check: check, state: .warning, detail: detail, remedy: remedy)
    }

    static func failed(_ check: String, _ detail: String, _ remedy: String) -> Finding {
        Finding(check: check, state: .failed, detail: detail, remedy: remedy)
    }

    /// A number of things, in words.
    static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    /// Name, state, and what was found, with the remedy after it.
    var line: String {
        let end = remedy.isEmpty ? "" : ": \(remedy)"
        let line = "\(check)\t\(state.rawValue)\t\(detail)\(end)"
        // Of several mistakes in a file each is a line of its own elsewhere.
        return line.replacing("\namaru: ", with: "; ").replacing("\n", with: " ")
    }
}
