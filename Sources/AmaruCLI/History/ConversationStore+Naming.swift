// The conversation that a word on the command line means.
// SPDX-License-Identifier: Apache-2.0

import AmaruStore

extension ConversationStore {
    /// The identifier that begins with a word.
    ///
    /// - Throws: `CommandFailure` unless there is exactly one.
    func identifier(named word: String) throws -> String {
        let found = try identifiers(beginningWith: word)
        if let id = found.first(where: { $0 == word }) { return id }
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
