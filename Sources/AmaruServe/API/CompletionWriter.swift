// A turn as a chat completion: in chunks, or whole.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

/// What all chunks of a completion have in common.
struct CompletionHead: Sendable {
    /// Names the completion.
    let id: String
    /// When it was asked for, in seconds since 1970.
    let created: Int
    /// The model.
    let model: String

    /// The identifier of a tool call of this completion.
    func callID(_ index: Int) -> String { "call_\(suffix)_\(index)" }

    /// What is random in the completion's name.
    var suffix: Substring { id.drop { $0 != "-" && $0 != "_" }.dropFirst() }
}

/// Writes a turn as `chat.completion.chunk`s, or as one `chat.completion`; pure.
///
/// https://platform.openai.com/docs/api-reference/chat-streaming
struct CompletionWriter: AnswerWriter {
    private let head: CompletionHead
    private let includesUsage: Bool
    private var parts: AnswerParts
    private var hasBegun = false
    /// What has come, unless it is sent piece by piece.
    private var text = ""
    private var reasoning = ""
    private var calls: [JSONValue] = []
    private var pictures: [JSONValue] = []
    private let streams: Bool

    init(
        _ head: CompletionHead,
        stop: [String] = [],
        isFormatted: Bool = false,
        streams: Bool = true,
        includesUsage: Bool = false
    ) {
        self.head = head
        self.streams = streams
        self.includesUsage = includesUsage
        parts = AnswerParts(stop: stop, isFormatted: isFormatted)
    }

    var wantsNoMore: Bool { parts.wantsNoMore }

    mutating func take(_ event: TurnEvent) -> [ServerEvent] {
        let taken = parts.take(event)
        guard streams else {
            for part in taken { add(part) }
            return []
        }
        return taken.isEmpty ? [] : begin() + taken.flatMap(chunks)
    }

    func fault(_ end: TurnEnd) -> RequestError? { parts.fault(end) }

    mutating func finish(_ end: TurnEnd) -> [ServerEvent] {
        switch parts.outcome(of: end) {
        case .failure(let error):
            return [ServerEvent(error.modelJSON)]
        case .success(let reason):
            var events = begin() + parts.finish().flatMap(chunks)
            events.append(chunk([choice([:], reason: .string(reason))]))
            if includesUsage, let usage = parts.usage { events.append(chunk([], usage: usage)) }
            return events + [ServerEvent(data: "[DONE]")]
        }
    }

    private mutating func begin() -> [ServerEvent] {
        guard !hasBegun else { return [] }
        hasBegun = true
        return [chunk([choice(["role": "assistant", "content": ""])])]
    }

    private func chunks(_ part: AnswerPart) -> [ServerEvent] {
        switch part {
        case .text(let text): [chunk([choice(["content": .string(text)])])]
        case .reasoning(let text): [chunk([choice(["reasoning_content": .string(text)])])]
        case .picture(let file): [chunk([choice(["images": [file.imagePart]])])]
        case .toolCall(let index, let name, let arguments):
            [
                toolCall([
                    "index": .integer(index), "id": .string(head.callID(index)),
                    "type": "function", "function": ["name": .string(name), "arguments": ""],
                ]),
                toolCall([
                    "index": .integer(index), "function": ["arguments": .string(arguments)],
                ]),
            ]
        }
    }

    private func toolCall(_ call: JSONValue) -> ServerEvent {
        chunk([choice(["tool_calls": [call]])])
    }

    private func choice(_ delta: JSONValue, reason: JSONValue = .null) -> JSONValue {
        ["index": 0, "delta": delta, "logprobs": .null, "finish_reason": reason]
    }

    private func chunk(
        _ choices: [JSONValue],
        usage: (prompt: Int, completion: Int)? = nil
    ) -> ServerEvent {
        ServerEvent(
            .members([
                "id": .string(head.id), "object": "chat.completion.chunk",
                "created": .integer(head.created), "model": .string(head.model),
                "choices": .array(choices), "usage": usage.map { .usage($0) },
            ])
        )
    }

    // MARK: Whole

    mutating func whole(_ end: TurnEnd) throws(RequestError) -> JSONValue {
        let reason = try parts.outcome(of: end).get()
        for part in parts.finish() { add(part) }
        let hasText = !text.isEmpty || calls.isEmpty
        let message = JSONValue.members([
            "role": "assistant", "content": hasText ? .string(text) : .null, "refusal": .null,
            "reasoning_content": reasoning.isEmpty ? nil : .string(reasoning),
            "images": pictures.isEmpty ? nil : .array(pictures),
            "tool_calls": calls.isEmpty ? nil : .array(calls),
        ])
        let choice: JSONValue = [
            "index": 0, "message": message, "logprobs": .null,
            "finish_reason": .string(reason),
        ]
        return [
            "id": .string(head.id), "object": "chat.completion", "created": .integer(head.created),
            "model": .string(head.model), "choices": [choice],
            // Always there, with integers: clients read it without asking.
            "usage": .usage(parts.usage ?? (0, 0)),
        ]
    }

    private mutating func add(_ part: AnswerPart) {
        switch part {
        case .text(let more): text += more
        case .reasoning(let more): reasoning += more
        case .picture(let file): pictures.append(file.imagePart)
        case .toolCall(let index, let name, let arguments):
            calls.append([
                "id": .string(head.callID(index)), "type": "function",
                "function": ["name": .string(name), "arguments": .string(arguments)],
            ])
        }
    }
}

extension JSONValue {
    /// The number of tokens, as completions have it.
    fileprivate static func usage(_ usage: (prompt: Int, completion: Int)) -> JSONValue {
        [
            "prompt_tokens": .integer(usage.prompt),
            "completion_tokens": .integer(usage.completion),
            "total_tokens": .integer(usage.prompt + usage.completion),
        ]
    }
}

extension Attachment {
    /// The picture as a part of a message; such parts of answers are a convention of OpenRouter's,
    /// which other servers and clients follow.
    fileprivate var imagePart: JSONValue {
        let url = JSONValue.base64(bytes, prefix: "data:\(mediaType.lowercased());base64,")
        return ["type": "image_url", "image_url": ["url": url]]
    }
}
