// A turn as a response of the newer API: in events, or whole.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

/// Writes a turn as the events of a `response`; pure.
///
/// https://platform.openai.com/docs/api-reference/responses-streaming
struct ResponsesWriter: AnswerWriter {
    /// The item that is being written.
    private struct OpenItem {
        enum Kind { case message, reasoning }
        let kind: Kind
        let id: String
        var text = ""
    }

    private let head: CompletionHead
    private let echo: [JSONMember]
    private var parts: AnswerParts
    private var output: [JSONValue] = []
    private var item: OpenItem?
    private var sequence = 0

    init(_ head: CompletionHead, isFormatted: Bool = false, echo: [JSONMember] = []) {
        parts = AnswerParts(isFormatted: isFormatted)
        self.head = head
        self.echo = echo
    }

    var wantsNoMore: Bool { parts.wantsNoMore }

    func fault(_ end: TurnEnd) -> RequestError? { parts.fault(end) }

    mutating func take(_ event: TurnEvent) -> [ServerEvent] {
        let taken = parts.take(event)
        guard !taken.isEmpty else { return [] }
        var events = begin()
        for part in taken { events += written(part) }
        return events
    }

    mutating func finish(_ end: TurnEnd) -> [ServerEvent] {
        var events = begin()
        for part in parts.finish() { events += written(part) }
        events += close()
        let response = response(of: end)
        let status = response["status"]?.string ?? "failed"
        events.append(event("response.\(status)", ["response": response]))
        return events
    }

    mutating func whole(_ end: TurnEnd) throws(RequestError) -> JSONValue {
        if let fault = fault(end) { throw fault }
        _ = finish(end)
        return response(of: end)
    }

    /// The whole response; what is still open is not in it.
    private func response(of end: TurnEnd) -> JSONValue {
        switch parts.outcome(of: end) {
        case .failure(let error): object("failed", fault: error)
        case .success("length"): object("incomplete", reason: "max_output_tokens")
        case .success("content_filter"): object("incomplete", reason: "content_filter")
        case .success: object("completed")
        }
    }

    private func object(
        _ status: String,
        fault: RequestError? = nil,
        reason: JSONValue? = nil
    ) -> JSONValue {
        let counted = parts.usage.map { usage -> JSONValue in
            [
                "input_tokens": .integer(usage.prompt),
                "input_tokens_details": ["cached_tokens": 0],
                "output_tokens": .integer(usage.completion),
                "output_tokens_details": ["reasoning_tokens": 0],
                "total_tokens": .integer(usage.prompt + usage.completion),
            ]
        }
        let error = fault.map {
            ["code": "server_error", "message": .string($0.message)] as JSONValue
        }
        let members: KeyValuePairs<String, JSONValue> = [
            "id": .string(head.id), "object": "response", "created_at": .integer(head.created),
            "status": .string(status), "background": false, "error": error ?? .null,
            "incomplete_details": reason.map { ["reason": $0] } ?? .null,
            "model": .string(head.model), "output": .array(output), "previous_response_id": .null,
            "store": false, "usage": status == "in_progress" ? .null : counted ?? .null,
        ]
        return .object(members.map { JSONMember(name: $0, value: $1) } + echo)
    }

    // MARK: Events

    private mutating func event(
        _ type: String,
        _ members: KeyValuePairs<String, JSONValue>
    ) -> ServerEvent {
        var all: [JSONMember] = [
            JSONMember(name: "type", value: .string(type)),
            JSONMember(name: "sequence_number", value: .integer(sequence)),
        ]
        all += members.map { JSONMember(name: $0, value: $1) }
        sequence += 1
        return ServerEvent(.object(all), name: type)
    }

    private mutating func begin() -> [ServerEvent] {
        guard sequence == 0 else { return [] }
        let response = object("in_progress")
        return [
            event("response.created", ["response": response]),
            event("response.in_progress", ["response": response]),
        ]
    }

    private mutating func written(_ part: AnswerPart) -> [ServerEvent] {
        switch part {
        case .text(let text):
            let opened = open(.message)
            return opened + [textEvent("response.output_text.delta", "delta", text)]
        case .reasoning(let text):
            let opened = open(.reasoning)
            return opened + [textEvent("response.reasoning_text.delta", "delta", text)]
        case .picture(let file):
            return close() + picture(file)
        case .toolCall(let index, let name, let arguments):
            return close() + call(index, name, arguments)
        }
    }

    /// Adds the text of a delta to the open item, or sends it whole.
    private mutating func textEvent(_ type: String, _ name: String, _ text: String) -> ServerEvent {
        if name == "delta" { item?.text += text }
        return event(
            type,
            [
                "item_id": .string(item?.id ?? ""), "output_index": .integer(output.count),
                "content_index": 0, name: .string(text), "logprobs": [],
            ]
        )
    }

    private mutating func partEvent(_ type: String, _ part: JSONValue) -> ServerEvent {
        event(
            type,
            [
                "item_id": .string(item?.id ?? ""), "output_index": .integer(output.count),
                "content_index": 0, "part": part,
            ]
        )
    }

    private mutating func itemEvent(_ type: String, _ item: JSONValue) -> ServerEvent {
        event(type, ["output_index": .integer(output.count), "item": item])
    }

    // MARK: Items

    private func itemID(_ prefix: String) -> String {
        "\(prefix)_\(head.suffix)_\(output.count)"
    }

    private mutating func open(_ kind: OpenItem.Kind) -> [ServerEvent] {
        if item?.kind == kind { return [] }
        var events = close()
        let opened = OpenItem(kind: kind, id: itemID(kind == .message ? "msg" : "rs"))
        item = opened
        events.append(itemEvent("response.output_item.added", Self.json(opened, "in_progress")))
        if kind == .message {
            events.append(partEvent("response.content_part.added", Self.part(opened)))
        }
        return events
    }

    private mutating func close() -> [ServerEvent] {
        guard let done = item else { return [] }
        var events: [ServerEvent] = []
        switch done.kind {
        case .message:
            events.append(textEvent("response.output_text.done", "text", done.text))
            events.append(partEvent("response.content_part.done", Self.part(done)))
            parts.beginItem()
        case .reasoning:
            events.append(textEvent("response.reasoning_text.done", "text", done.text))
        }
        let json = Self.json(done, "completed")
        events.append(itemEvent("response.output_item.done", json))
        output.append(json)
        item = nil
        return events
    }

    private mutating func picture(_ file: Attachment) -> [ServerEvent] {
        let id = itemID("ig")
        func json(_ status: String, _ result: JSONValue) -> JSONValue {
            [
                "id": .string(id), "type": "image_generation_call", "status": .string(status),
                "result": result,
            ]
        }
        let done = json("completed", .base64(file.bytes))
        let events = [
            itemEvent("response.output_item.added", json("in_progress", .null)),
            itemEvent("response.output_item.done", done),
        ]
        output.append(done)
        return events
    }

    private mutating func call(
        _ index: Int,
        _ name: String,
        _ arguments: String
    ) -> [ServerEvent] {
        let id = itemID("fc")
        func json(_ arguments: String, _ status: String) -> JSONValue {
            [
                "id": .string(id), "type": "function_call", "status": .string(status),
                "call_id": .string(head.callID(index)), "name": .string(name),
                "arguments": .string(arguments),
            ]
        }
        let place: (JSONValue, JSONValue) = (.string(id), .integer(output.count))
        var events = [itemEvent("response.output_item.added", json("", "in_progress"))]
        events.append(
            event(
                "response.function_call_arguments.delta",
                ["item_id": place.0, "output_index": place.1, "delta": .string(arguments)]
            )
        )
        events.append(
            event(
                "response.function_call_arguments.done",
                [
                    "item_id": place.0, "output_index": place.1, "name": .string(name),
                    "arguments": .string(arguments),
                ]
            )
        )
        let done = json(arguments, "completed")
        events.append(itemEvent("response.output_item.done", done))
        output.append(done)
        return events
    }

    private static func part(_ item: OpenItem) -> JSONValue {
        switch item.kind {
        case .message:
            [
                "type": "output_text", "text": .string(item.text), "annotations": [],
                "logprobs": [],
            ]
        case .reasoning: ["type": "reasoning_text", "text": .string(item.text)]
        }
    }

    private static func json(_ item: OpenItem, _ status: JSONValue) -> JSONValue {
        let content: JSONValue = status == "completed" ? [part(item)] : []
        switch item.kind {
        case .message:
            return [
                "id": .string(item.id), "type": "message", "status": status, "role": "assistant",
                "content": content,
            ]
        case .reasoning:
            return [
                "id": .string(item.id), "type": "reasoning", "summary": [], "content": content,
                "status": status,
            ]
        }
    }
}
