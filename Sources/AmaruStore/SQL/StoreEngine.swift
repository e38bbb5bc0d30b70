// What databases do differently.
// SPDX-License-Identifier: Apache-2.0

/// The part of a store that depends on the kind of its database; for one thread at a time.
protocol StoreEngine: AnyObject {
    var connection: any SQLConnection { get }
    /// SQL for the answer of the row of `turn`, as far as it is in the log.
    var answerFromLog: String { get }
    /// SQL for whether the row of `turn` may still be ended by its process.
    var isOpen: String { get }

    /// Sees to it that turns of this process do not count as cut off; returns its name.
    func becomeWriter() throws(StoreError) -> String
    /// Gives up what `becomeWriter()` took; no turn of this process is open any more.
    func resign()
    /// Ends the turns whose processes are gone: what they had of the answer is kept, and marked.
    func finishInterrupted() throws(StoreError)
    /// The turns in which all words occur, the best first.
    ///
    /// - `columns`: What is read of the conversation `c`, in front of the excerpt.
    func search(
        _ words: [String],
        in scope: ConversationScope?,
        _ columns: String,
        atMost count: Int
    ) throws(StoreError) -> [FoundConversation]
    /// Called in the transaction that has removed conversations.
    func forget() throws(StoreError)
    /// Called behind it.
    func compact()
}

extension StoreEngine {
    /// SQL that marks turns as interrupted, and needs a condition behind it.
    var interruption: String {
        """
        UPDATE turn SET state = 'interrupted',
            ended = coalesce((SELECT max(at) FROM event WHERE event.turn = turn.id), started),
            answer = \(answerFromLog)
        WHERE state = 'running' AND
        """
    }

    /// Looks for words in all texts, without an index.
    ///
    /// - `text`: SQL for the text of the turn `t`.
    /// - `like`: The operator that ignores case.
    /// - `excerpt`: SQL for a part of the text around `?1`.
    func scan(
        _ text: String,
        _ like: String,
        _ excerpt: String,
        for words: [String],
        in scope: ConversationScope?,
        _ columns: String,
        atMost count: Int
    ) throws(StoreError) -> [FoundConversation] {
        let patterns = words.map { SQLValue.text("%\(ConversationStore.escaped($0))%") }
        let matches = words.map { _ in "\(text) \(like) ? ESCAPE '\\'" }
        return try connection.rows(
            """
            SELECT \(columns), \(excerpt)
            FROM turn t JOIN conversation c ON c.id = t.conversation
            WHERE \(matches.joined(separator: " AND ")) \(ConversationStore.within(scope))
            ORDER BY t.started DESC LIMIT ?
            """,
            [.text(words[0])] + patterns + ConversationStore.values(scope) + [SQLValue(count)],
            as: ConversationStore.finding
        )
    }
}
