// The routes that the page's script calls.
// SPDX-License-Identifier: Apache-2.0

package import AmaruEnvironment
import AmaruStore
import HTTPTypes
package import Hummingbird
import HummingbirdCore

/// Adds the page's API to a router, below `api`.
///
/// - Parameters:
///   - router: The router, whose gate has set each context's owner.
///   - hub: The conversations.
///   - ending: Set when the server ends, so that those who follow a turn are told.
///   - state: What the page shows around the conversations.
package func addPageRoutes(
    to router: some RouterMethods<ServeContext>,
    hub: TurnHub,
    ending: AsyncValue<Void>,
    state: @escaping @Sendable () async -> PageState
) {
    let api = router.group("api").add(middleware: PageErrors())
    api.get("state") { _, _ in Response(json: await state()) }
    addConversationRoutes(to: api, hub)
    addTurnRoutes(to: api, hub, ending)
}

/// The most bytes of a message.
private let messageLimit = 1 << 20

private func addConversationRoutes(to api: RouterGroup<ServeContext>, _ hub: TurnHub) {
    api.get("conversations") { request, context in
        let query = request.uri.queryParameters
        let (found, areMore) = await hub.conversations(
            with: query["search"]?.split(whereSeparator: \.isWhitespace).map(String.init) ?? [],
            before: query["before"].flatMap { Double($0) },
            atMost: min(max(1, query["limit"].flatMap { Int($0) } ?? 50), 200),
            owner: context.owner
        )
        return Response(json: ListMessage(found, areMore: areMore))
    }
    api.post("conversations") { _, context in
        let id = await hub.addConversation(owner: context.owner)
        return Response(json: ["id": id], status: .created)
    }
    api.get("conversations/:id") { _, context in
        let whole = try await hub.whole(try context.name, owner: context.owner)
        let answers = await hub.answers(to: whole.branch)
        return Response(json: ConversationMessage(whole, answers))
    }
    api.patch("conversations/:id") { request, context in
        let id = try context.name
        let change = try await request.decoded(ChangeMessage.self, atMost: 16 << 10)
        if let title = change.title {
            try await hub.rename(id, to: title, owner: context.owner)
        }
        if let head = change.head { try await hub.show(head, in: id, owner: context.owner) }
        return HTTPResponse.Status.noContent
    }
    api.delete("conversations/:id") { _, context in
        try await hub.remove(try context.name, owner: context.owner)
        return HTTPResponse.Status.noContent
    }
    api.post("conversations/:id/turns") { request, context in
        let id = try context.name
        let new = try await request.decoded(SendMessage.self, atMost: messageLimit).new
        guard new.message.contains(where: { !$0.isWhitespace }) else {
            throw PageError(.badRequest, "invalid", "the message is empty")
        }
        guard (1...100).contains(new.request.utf8.count) else {
            throw PageError(.badRequest, "invalid", "request has 1 to 100 bytes")
        }
        let (turn, isNew) = try await hub.begin(new, in: id, owner: context.owner)
        return Response(json: ["turn": turn], status: isNew ? .accepted : .ok)
    }
}

private func addTurnRoutes(
    to api: RouterGroup<ServeContext>,
    _ hub: TurnHub,
    _ ending: AsyncValue<Void>
) {
    api.get("turns/:id/events") { request, context in
        let id = try context.turn
        let source = try await hub.source(of: id, owner: context.owner)
        let place = EventPlace(request, of: id)
        if place == .end, source.isOver { return Response(status: .noContent) }
        return EventStream(id: id, source: source, from: place, ending: ending)
            .response(to: request)
    }
    api.post("turns/:id/stop") { _, context in
        try await hub.stop(try context.turn, owner: context.owner)
        return HTTPResponse.Status.noContent
    }
}

extension ServeContext {
    /// The conversation that the path names.
    fileprivate var name: String {
        get throws {
            guard let name = parameters.get("id"), name.utf8.count <= 64 else {
                throw HubError.unknown
            }
            return name
        }
    }

    /// The turn that the path names.
    fileprivate var turn: Int64 {
        get throws {
            guard let turn = parameters.get("id").flatMap({ Int64($0) }) else {
                throw HubError.unknown
            }
            return turn
        }
    }
}
