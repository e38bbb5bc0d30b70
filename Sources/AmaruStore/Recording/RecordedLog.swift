// A turn's events as entries of the store.
// SPDX-License-Identifier: Apache-2.0

package import AmaruChat
import AmaruHTTP

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

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
            case .notice(let line), .stalled(let line): entry("notice", clean(line))
            case .toolCall(let name, let arguments):
                entry("tool_call", Call(name: clean(name), arguments: clean(arguments)))
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
        return entry("usage", Usage(prompt: prompt, completion: completion))
    }

    /// A file by its name, type and size: what it holds would make the store grow without a bound.
    private mutating func describe(_ file: Attachment) -> StoredEvent? {
        let (name, type) = (clean(file.name), clean(file.mediaType))
        return entry("attachment", File(name: name, mediaType: type, size: file.bytes.count))
    }

    private mutating func entry(_ kind: String, _ data: String) -> StoredEvent? {
        guard !data.isEmpty else { return nil }
        defer { seq += 1 }
        return StoredEvent(seq: seq, kind: kind, data: data, time: TurnRecorder.now)
    }

    private mutating func entry(_ kind: String, _ value: some Encodable) -> StoredEvent? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Encoding strings and integers cannot fail.
        guard let json = try? encoder.encode(value) else { return nil }
        return entry(kind, String(decoding: json, as: UTF8.self))
    }

    private func clean(_ text: String) -> String { TextRedactor.clean(text, of: vault) }
}

// What entries hold that are more than a text.
private struct Call: Codable { let name, arguments: String }
private struct Usage: Codable { let prompt, completion: Int }
private struct File: Codable {
    let name, mediaType: String
    let size: Int

    private enum CodingKeys: String, CodingKey {
        case name, size
        case mediaType = "media_type"
    }
}

extension TurnEvent {
    /// An entry of the store as what it was made of; nil for one of an unknown kind, or one that cannot be
    /// decoded.
    package init?(_ entry: StoredEvent) {
        func decoded<Value: Decodable>(_: Value.Type) -> Value? {
            try? JSONDecoder().decode(Value.self, from: Data(entry.data.utf8))
        }
        switch entry.kind {
        case "text": self = .text(entry.data)
        case "display": self = .display(entry.data)
        case "reasoning": self = .reasoning(entry.data)
        case "notice": self = .notice(entry.data)
        case "skipped": self = .skipped(Int(entry.data) ?? 0)
        case "tool_call":
            guard let call = decoded(Call.self) else { return nil }
            self = .toolCall(name: call.name, arguments: call.arguments)
        case "usage":
            guard let usage = decoded(Usage.self) else { return nil }
            self = .usage(prompt: usage.prompt, completion: usage.completion)
        case "attachment":
            guard let file = decoded(File.self) else { return nil }
            let what = "\(file.name) (\(file.mediaType), \(file.size) bytes)"
            self = .notice("the answer has a file: \(what)")
        default: return nil
        }
    }
}
