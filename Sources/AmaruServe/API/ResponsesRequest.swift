// A request for a response, in the terms of a chat completion.
// SPDX-License-Identifier: Apache-2.0

/// A request of the newer API, as far as it says what chat completions can say.
///
/// Nothing is stored for it, so what refers to something stored is refused.
/// https://platform.openai.com/docs/api-reference/responses/create
struct ResponsesRequest: Sendable {
    /// The same request as one for a chat completion.
    let completion: CompletionRequest
    /// What the response repeats of the request.
    let echo: [JSONMember]

    /// Fields that mean the same under another name, or the same name.
    private static let renamed = [
        "model": "model", "stream": "stream", "temperature": "temperature", "top_p": "top_p",
        "max_output_tokens": "max_completion_tokens", "parallel_tool_calls": "parallel_tool_calls",
        "metadata": "metadata", "user": "user", "service_tier": "service_tier",
        "prompt_cache_key": "prompt_cache_key", "safety_identifier": "safety_identifier",
        "top_logprobs": "top_logprobs",
    ]
    private static let kinds: [(RequestFields.Kind, [String])] = [
        (.positiveInteger, ["max_output_tokens"]), (.array, ["tools"]),
        (.string, ["instructions"]), (.object, ["reasoning", "text"]),
    ]
    /// What a response has of its request, with what it is if it was not given.
    private static let echoed: [(name: String, absent: JSONValue)] = [
        ("instructions", .null), ("max_output_tokens", .null), ("metadata", [:]),
        ("parallel_tool_calls", true), ("temperature", .null),
        ("text", ["format": ["type": "text"]]), ("tool_choice", "auto"), ("tools", []),
        ("top_p", .null),
    ]

    init(_ body: JSONValue?) throws(RequestError) {
        let fields = try RequestFields(body)
        try fields.check(Self.kinds)
        if let effort = fields["reasoning"]?["effort"], !effort.isNull, effort.string == nil {
            throw .invalid("reasoning.effort must be a string", param: "reasoning.effort")
        }
        try Self.refuse(fields)
        var chat: [JSONMember] = []
        for member in fields.members {
            guard let name = Self.renamed[member.name] else { continue }
            chat.append(JSONMember(name: name, value: member.value))
        }
        func add(_ name: String, _ value: JSONValue?) {
            if let value { chat.append(JSONMember(name: name, value: value)) }
        }
        let messages = try Self.messages(fields)
        add("messages", .array(messages.map(\.message)))
        add("tools", try Self.tools(fields["tools"]))
        add("tool_choice", Self.choice(fields["tool_choice"]))
        add("response_format", try Self.format(fields["text"]?["format"]))
        add("reasoning_effort", fields["reasoning"]?["effort"])
        let names = RequestMessages.Names(
            all: "input",
            places: messages.map(\.place),
            image: "image_url",
            file: "file_data",
            types: "input_text, input_image or input_file"
        )
        completion = try CompletionRequest(.object(chat), names)
        echo = Self.echoed.map { JSONMember(name: $0, value: fields[$0] ?? $1) }
    }

    private static func refuse(_ fields: RequestFields) throws(RequestError) {
        for name in ["previous_response_id", "conversation", "prompt"] where fields[name] != nil {
            throw .invalid("\(name) is not supported: send all messages as input", param: name)
        }
        if try fields.flag("background") == true {
            throw .invalid("background is not supported", param: "background")
        }
        if try fields.flag("store") == true {
            throw .invalid("store is not supported", param: "store")
        }
    }

    // MARK: Messages

    /// A message of a completion, and the fields that say it.
    private typealias Message = (message: JSONValue, place: RequestMessages.Names.Place)

    private static func messages(_ fields: RequestFields) throws(RequestError) -> [Message] {
        var messages: [Message] = []
        if let instructions = fields["instructions"] {
            let place = ("instructions", "instructions")
            messages.append((["role": "system", "content": instructions], place))
        }
        switch fields["input"] {
        case .string(let text):
            messages.append((["role": "user", "content": .string(text)], ("input", "input")))
        case .array(let items):
            var calls: [JSONValue] = []
            for (index, item) in items.enumerated() {
                let place = "input[\(index)]"
                guard case .object = item else {
                    throw .invalid("\(place) must be an object", param: place)
                }
                if item["type"] == "function_call" {
                    calls.append(call(item))
                    continue
                }
                messages += taken(&calls).map { ($0, (place, place)) }
                messages += try message(item, at: place)
            }
            messages += taken(&calls).map { ($0, ("input", "input")) }
        default: throw .invalid("input must be a string or an array", param: "input")
        }
        return messages
    }

    private static func call(_ item: JSONValue) -> JSONValue {
        [
            "id": item["call_id"] ?? "", "type": "function",
            "function": ["name": item["name"] ?? "", "arguments": item["arguments"] ?? "{}"],
        ]
    }

    /// Calls that follow each other are those of one message.
    private static func taken(_ calls: inout [JSONValue]) -> [JSONValue] {
        guard !calls.isEmpty else { return [] }
        defer { calls = [] }
        return [["role": "assistant", "content": .null, "tool_calls": .array(calls)]]
    }

    private static func message(
        _ item: JSONValue,
        at place: String
    ) throws(RequestError) -> [Message] {
        switch item["type"]?.string {
        case nil, "message":
            let content = content(item["content"])
            let message: JSONValue = ["role": item["role"] ?? .null, "content": content]
            return [(message, (place, "\(place).content"))]
        case "function_call_output":
            let result: JSONValue = [
                "role": "tool", "tool_call_id": item["call_id"] ?? "",
                "content": content(item["output"]),
            ]
            return [(result, (place, "\(place).output"))]
        // What an answer had beside its text comes back with it.
        case "reasoning", "image_generation_call": return []
        case let type?:
            throw .invalid(
                "\(place).type '\(type)' is not supported: use message, function_call or "
                    + "function_call_output",
                param: "\(place).type"
            )
        }
    }

    private static func content(_ content: JSONValue?) -> JSONValue {
        guard case .array(let parts) = content else { return content ?? .null }
        return .array(
            parts.map { part in
                switch part["type"]?.string {
                case "input_text", "output_text":
                    ["type": "text", "text": part["text"] ?? .null]
                case "input_image":
                    ["type": "image_url", "image_url": ["url": part["image_url"] ?? .null]]
                case "input_file":
                    [
                        "type": "file",
                        "file": [
                            "filename": part["filename"] ?? "file",
                            "file_data": part["file_data"] ?? .null,
                        ],
                    ]
                default: part
                }
            }
        )
    }

    // MARK: Options

    private static func tools(_ tools: JSONValue?) throws(RequestError) -> JSONValue? {
        guard case .array(let all) = tools else { return nil }
        var functions: [JSONValue] = []
        for (index, tool) in all.enumerated() {
            guard case .object(let members) = tool, tool["type"] == "function" else {
                let param = "tools[\(index)].type"
                throw .invalid("\(param) must be function", param: param)
            }
            let function = members.filter { $0.name != "type" }
            functions.append(["type": "function", "function": .object(function)])
        }
        return .array(functions)
    }

    private static func choice(_ choice: JSONValue?) -> JSONValue? {
        guard let name = choice?["name"] else { return choice }
        return ["type": "function", "function": ["name": name]]
    }

    private static func format(_ format: JSONValue?) throws(RequestError) -> JSONValue? {
        guard try CompletionRequest.wantsFormat(format, in: "text.format") else { return nil }
        guard case .object(let members) = format, format?["type"] == "json_schema" else {
            return format
        }
        let schema = members.filter { $0.name != "type" }
        return ["type": "json_schema", "json_schema": .object(schema)]
    }
}
