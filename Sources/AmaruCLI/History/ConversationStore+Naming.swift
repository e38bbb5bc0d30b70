// The conversation that a word on the command line means.
// SPDX-License-Identifier: Apache-2.0

import AmaruStore

extension ConversationStore {
    /// The identifier that the words after `-c` begin with; nil if they are a prompt alone.
    ///
    /// - Throws: `CommandFailure` for a word that seems to be an identifier, but is of no
    ///   conversation: what follows was meant for another one than the last. Also for two
    ///   characters that are the beginning of one, since `3d` is a word as well.
    func identifier(beginning words: [String]) throws -> String? {
        guard let word = words.first else { return nil }
        if word.count == 2, Conversation.mayBeginID(word),
            try !identifiers(beginningWith: word).isEmpty
        {
            throw CommandFailure(
                "\(word) may be the beginning of an id or of a prompt. Write: amaru "
                    + "--continue=\(word) …, or: amaru -c -- \(word) …"
            )
        }
        guard Conversation.resemblesID(word) || word.count > 8 else { return nil }
        let near = try nearest(to: word)
        // A short word is near to some identifier by chance.
        guard near != nil || Conversation.resemblesID(word) else { return nil }
        do {
            return try identifier(named: word)
        } catch let failure as CommandFailure {
            let guess = near.map { " Did you mean \($0.id) (\(ShownText.line($0.title)))?" } ?? ""
            throw CommandFailure(
                "\(failure)\(guess) For a prompt that begins with this word, write: "
                    + "amaru -c -- \(word) …"
            )
        }
    }

    /// The conversation whose identifier begins almost as a word, the newest if there are several.
    private func nearest(to word: String) throws -> Conversation? {
        guard word.count > 3 else { return nil }
        let all = try list().reversed()
        let starts = all.map { String($0.id.prefix(word.count)) }
        guard let near = NearMiss.names(near: word, among: starts).first else { return nil }
        return all.first { $0.id.hasPrefix(near) }
    }

    /// The identifier that begins with a word, which may be in capitals.
    ///
    /// - Throws: `CommandFailure` unless there is exactly one.
    func identifier(named word: String) throws -> String {
        var found = try identifiers(beginningWith: word)
        if found.isEmpty { found = try identifiers(beginningWith: word.lowercased()) }
        if let id = found.first(where: { $0 == word || $0 == word.lowercased() }) { return id }
        guard let id = found.first, found.count == 1 else {
            let words = found.joined(separator: ", ")
            throw CommandFailure(
                found.isEmpty
                    ? "There is no conversation \(word). amaru history list shows all."
                    : "More than one conversation begins with \(word): \(words). Write more of it."
            )
        }
        return id
    }
}
