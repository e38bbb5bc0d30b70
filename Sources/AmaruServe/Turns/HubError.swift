// Why a hub refuses something.
// SPDX-License-Identifier: Apache-2.0

/// A refusal: what happened, and what to do.
package struct HubError: Error, Sendable, Equatable {
    package enum Code: String, Sendable {
        /// It does not exist, or belongs to another owner: clients are not told which.
        case unknown = "not_found"
        /// No such model is offered.
        case model = "model_not_found"
        /// Too many messages wait for an answer.
        case busy
        /// It is no longer kept.
        case forgotten = "gone"
        /// It contradicts what is going on.
        case conflict
        /// The request makes no sense.
        case invalid
        /// The server is ending.
        case ending
        /// The store does not answer, or cannot be written.
        case store
    }

    package let code: Code
    package let message: String
    package let remedy: String

    package init(_ code: Code, _ message: String, remedy: String = "") {
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    static let unknown = HubError(.unknown, "there is nothing of that name")
    static let busy = HubError(
        .busy,
        "too many messages are waiting for an answer",
        remedy: "try again in a moment"
    )
    static let ending = HubError(.ending, "the server is ending", remedy: "try again later")
    static let unavailable = HubError(
        .store,
        "the database of the conversations does not answer",
        remedy: "try again in a moment"
    )
    static let unwritable = HubError(
        .store,
        "the conversations cannot be changed now",
        remedy: "try again later"
    )
    static let isAnswered = HubError(
        .conflict,
        "the message before is still being answered",
        remedy: "wait for the answer, or stop it"
    )
    static let forgotten = HubError(
        .forgotten,
        "the files of the answer are no longer kept",
        remedy: "have the answer made again"
    )
    static let answeredElsewhere = HubError(
        .conflict,
        "another program on this machine is answering this",
        remedy: "stop it there"
    )
}
