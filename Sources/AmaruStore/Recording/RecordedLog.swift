// A turn's events as entries of the store.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruHTTP

/// Turns events into numbered entries without secrets.
struct RecordedLog {
    private let vault: SecretVault
    private var text: TextRedactor
    private var thought: TextRedactor
    private var seq = 0
    /// The tokens that the turn has used, if it has said so.
    private(set) var usage: (prompt: Int, completion: Int)?

    init(vault: SecretVault) {
        self.vault = vault
        text = TextRedactor(vault)
        thought = TextRedactor(vault)
    }

    /// The entries for events that follow the former ones.
    ///
    /// What may be the beginning of a secret comes after the entries that interrupt it.
    mutating func entries(for events: [TurnEvent]) -> [StoredEvent] {
        events.compactMap { event in
            switch event {
            case .text(let piece): entry("text", text.take(piece))
            case .reasoning(let piece): entry("reasoning", thought.take(piece))
            case .display(let reply): entry("display", clean(reply))
            case .notice(let line): entry("notice", clean(line))
            case .toolCall(let name, let arguments):
                entry("tool_call", #"{"name":\#(json(name)),"arguments":\#(json(arguments))}"#)
            case .usage(let prompt, let completion): use(prompt, completion)
            case .retrying(let reason, _, let attempt, let attempts):
                entry("notice", "\(clean(reason)); trying again (\(attempt) of \(attempts))")
            case .skipped(let count): entry("skipped", "\(count)")
            case .attachment(let file): describe(file)
            }
        }
    }

    /// The entries for what may have been the beginning of a secret.
    mutating func end() -> [StoredEvent] {
        [entry("reasoning", thought.end()), entry("text", text.end())].compactMap(\.self)
    }

    private mutating func use(_ prompt: Int, _ completion: Int) -> StoredEvent? {
        usage = (prompt, completion)
        return entry("usage", #"{"prompt":\#(prompt),"completion":\#(completion)}"#)
    }

    /// A file by its name, type and size: what it holds would make the store grow without a bound.
    private mutating func describe(_ file: Attachment) -> StoredEvent? {
        let (name, type) = (json(file.name), json(file.mediaType))
        let size = file.bytes.count
        return entry("attachment", #"{"name":\#(name),"media_type":\#(type),"size":\#(size)}"#)
    }

    private mutating func entry(_ kind: String, _ data: String) -> StoredEvent? {
        guard !data.isEmpty else { return nil }
        defer { seq += 1 }
        return StoredEvent(seq: seq, kind: kind, data: data, time: TurnRecorder.now)
    }

    private func clean(_ text: String) -> String { TextRedactor.clean(text, of: vault) }

    /// A string of JSON.
    private func json(_ text: String) -> String {
        var result = "\""
        for scalar in clean(text).unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
