// The shapes in which an answer is sent, as the routes see them.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

/// Writes an answer piece by piece, as server-sent events; pure.
protocol AnswerWriter: Sendable {
    /// Whether nothing more is wanted of the turn, which may be stopped.
    var wantsNoMore: Bool { get }
    /// What is sent for an event of the turn.
    mutating func take(_ event: TurnEvent) -> [ServerEvent]
    /// The error in place of an answer; nil if there is an answer.
    func fault(_ end: TurnEnd) -> APIError?
    /// What is sent at the end.
    mutating func finish(_ end: TurnEnd) -> [ServerEvent]
}

/// Gathers an answer that is sent whole; pure.
protocol AnswerGatherer: Sendable {
    /// Whether nothing more is wanted of the turn, which may be stopped.
    var wantsNoMore: Bool { get }
    /// Takes an event of the turn.
    mutating func take(_ event: TurnEvent)
    /// The body of the response.
    ///
    /// - Throws: ``APIError`` if there is no answer.
    mutating func finish(_ end: TurnEnd) throws(APIError) -> JSONValue
}

/// One server-sent event.
///
/// https://html.spec.whatwg.org/multipage/server-sent-events.html
struct ServerEvent: Sendable, Equatable {
    /// Its name, if it has one: those of chat completions have none, since some clients take any
    /// line but `data:` for more than it is.
    var name: String?
    /// What it carries: one line.
    var data: String

    init(_ data: JSONValue, name: String? = nil) { self.init(data: "\(data)", name: name) }

    init(data: String, name: String? = nil) {
        self.data = data
        self.name = name
    }

    /// The event on the wire.
    var text: String { (name.map { "event: \($0)\n" } ?? "") + "data: \(data)\n\n" }

    /// A sign of life, which is no event: some clients end at a comment that says `ping`.
    static let silence = ":\n\n"
}
