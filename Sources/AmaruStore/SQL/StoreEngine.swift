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
