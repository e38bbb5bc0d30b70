// The routes that the page's script calls.
// SPDX-License-Identifier: Apache-2.0

package import AmaruEnvironment
import AmaruStore
import HTTPTypes
package import Hummingbird

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
    // Short events, of which many come, are not worth waiting for.
    let api = router.group("api").add(middleware: PacedBodies(least: 32 << 10))
    api.get("state") { _, _ in Response(json: await state().json) }
    addConversationRoutes(to: api, hub)
    addTurnRoutes(to: api, hub, ending)
}

private func addConversationRoutes(to api: RouterGroup<ServeContext>, _ hub: TurnHub) {
    api.get("conversations") { request, context in
        let query = request.uri.queryParameters
        let (found, areMore) = try await hub.conversations(
            with: query["search"]?.split(whereSeparator: \.isWhitespace).map(String.init) ?? [],
            before: query["before"].flatMap { Double($0) },
            atMost: min(max(1, query["limit"].flatMap { Int($0) } ?? 50), 200),
            owner: context.owner
        )
        return Response(json: JSONValue(found, areMore: areMore))
    }
    api.post("conversations") { _, context in
        let id = try await hub.addConversation(owner: context.owner)
        return Response(json: ["id": .string(id)], status: .created)
    }
    api.get("conversations/:id") { _, context in
        let whole = try await hub.whole(try context.name, owner: context.owner)
        let answers = try await hub.answers(to: whole.branch)
        let reader = Follower()
        context.whenDisconnected { reader.leave() }
        return try await reader.rendering { isWanted in
            let shown = answers.mapValues { AnswerStream($0, while: isWanted) }
            return Response(json: JSONValue(whole, shown, model: hub.modelName(in: whole)))
        }
    }
    api.patch("conversations/:id") { _, context in
        let (id, fields) = (try context.name, try RequestFields(context.json))
        if let title = try fields.string("title") {
            try await hub.rename(id, to: title, owner: context.owner)
        }
        if let head = try fields.id("head") {
            try await hub.show(head, in: id, owner: context.owner)
        }
        return HTTPResponse.Status.noContent
    }
    api.delete("conversations/:id") { _, context in
        try await hub.remove(try context.name, owner: context.owner)
        return HTTPResponse.Status.noContent
    }
    api.post("conversations/:id/turns") { _, context in
        let new = try NewTurn(RequestFields(context.json))
        let (turn, isNew) = try await hub.begin(new, in: context.name, owner: context.owner)
        return Response(json: ["turn": .integer(turn)], status: isNew ? .accepted : .ok)
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
        let follower = Follower()
        context.whenDisconnected { follower.leave() }
        return EventStream(
            id: id,
            source: source,
            from: place,
            follower: follower,
            ending: ending
        ).response
    }
    api.get("turns/:id/files/:number") { _, context in
        let number = Int(try context.number("number"))
        return try await Response(
            file: hub.file(number, of: try context.turn, owner: context.owner)
        )
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

    /// A number in the path, which is written in one way only.
    fileprivate func number(_ name: String) throws -> Int64 {
        guard let word = parameters.get(name), let number = Int64(word), number >= 0,
            word == "\(number)"
        else { throw HubError.unknown }
        return number
    }

    /// The turn that the path names.
    fileprivate var turn: Int64 {
        get throws { try number("id") }
    }
}
