// The shapes in which an answer is sent, as the routes see them.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

/// Writes an answer as server-sent events piece by piece, or whole; pure.
protocol AnswerWriter: Sendable {
    /// Whether nothing more is wanted of the turn, which may be stopped.
    var wantsNoMore: Bool { get }
    /// What is sent for an event of the turn.
    mutating func take(_ event: TurnEvent) -> [ServerEvent]
    /// The error in place of an answer; nil if there is an answer.
    func fault(_ end: TurnEnd) -> RequestError?
    /// What is sent at the end.
    mutating func finish(_ end: TurnEnd) -> [ServerEvent]
    /// The whole answer, in place of what is sent at the end.
    ///
    /// - Throws: ``RequestError`` if there is no answer.
    mutating func whole(_ end: TurnEnd) throws(RequestError) -> JSONValue
}
