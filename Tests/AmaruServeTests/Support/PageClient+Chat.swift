// Conversations over the page's API.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Testing

extension PageClient {
    struct Made: Decodable { let id: String }
    struct Begun: Decodable { let turn: Int64 }

    struct Failed: Decodable {
        struct Error: Decodable { let code, message, remedy: String }

        let error: Error
    }

    struct Shown: Decodable, Equatable {
        struct Turn: Decodable, Equatable {
            let id: Int64
            let request: String?
            let question, state, reason: String
            let blocks: [String]
            let reasoning: String
            let notices: [String]
            let files: [File]
            let answers, questions: [Int64]
            let ms: Int?
        }

        struct File: Decodable, Equatable {
            let name, type: String
            let size: Int
        }

        let id, title: String
        let turns: [Turn]
    }

    struct Listed: Decodable {
        let conversations: [Made]
        let more: Bool
    }

    /// Makes a conversation.
    func converse() async throws -> String {
        let reply = try await send("POST", "conversations", "{}")
        #expect(reply.status == 201)
        return try reply.decoded(Made.self).id
    }

    /// Sends a message.
    ///
    /// - `rest`: Further members of the body, such as `,"parent":null`.
    func say(
        _ message: String,
        in conversation: String,
        request: String? = nil,
        _ rest: String = ""
    ) async throws -> HTTPProbe.Reply {
        let body =
            #"{"message":"\#(message)","request":"\#(request ?? message)"\#(rest)}"#
        return try await send("POST", "conversations/\(conversation)/turns", body)
    }

    /// Sends a message and returns its turn.
    func begin(
        _ message: String,
        in conversation: String,
        request: String? = nil,
        _ rest: String = ""
    ) async throws -> Int64 {
        let reply = try await say(message, in: conversation, request: request, rest)
        #expect(reply.status == 202, "\(reply.body)")
        return try reply.decoded(Begun.self).turn
    }

    /// Sends a message and waits for the whole answer.
    @discardableResult
    func ask(
        _ message: String,
        in conversation: String,
        _ rest: String = "",
        request: String? = nil
    ) async throws -> (turn: Int64, page: FollowedPage) {
        let turn = try await begin(message, in: conversation, request: request, rest)
        return (turn, try await watch(turn))
    }

    /// Follows a turn from its beginning to its end.
    func watch(_ turn: Int64) async throws -> FollowedPage {
        var page = FollowedPage()
        try await follow(turn) { try page.take($0) }
        return page
    }

    func show(_ conversation: String) async throws -> Shown {
        try await send("GET", "conversations/\(conversation)").decoded()
    }
}
