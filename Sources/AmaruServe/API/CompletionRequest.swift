// A request for a chat completion, read as tolerantly as clients differ.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

/// A request for a chat completion.
struct CompletionRequest: Sendable {
    /// The model's name.
    var model: String
    /// Whether the answer is wanted piece by piece.
    var streams: Bool
    /// Whether a stream ends with the number of tokens.
    var includesUsage: Bool
    /// Where the answer is to end.
    var stop: [String]
    /// Whether the answer must have a format.
    var wantsFormat: Bool
    /// The question, and what was said before.
    var messages: RequestMessages
    /// The request as scripts and models' servers see it.
    var request: ChatRequest

    /// The most stop sequences, and their greatest length in bytes.
    private static let stopLimit = (count: 16, length: 1024)
    // https://platform.openai.com/docs/api-reference/chat/create
    private static let kinds: [(RequestFields.Kind, [String])] = [
        (.positiveInteger, ["max_tokens", "max_completion_tokens"]),
        (.number, ["temperature", "top_p", "presence_penalty", "frequency_penalty"]),
        (.integer, ["n", "seed", "top_logprobs"]),
        (.boolean, ["parallel_tool_calls", "store"]),
        (.string, ["user", "reasoning_effort", "service_tier"]),
        (.array, ["tools", "functions", "modalities"]),
        (.object, ["stream_options", "response_format", "metadata", "logit_bias"]),
    ]
    /// What is not the script's business.
    private static let own: Set = ["model", "messages", "stream", "stream_options", "n"]

    /// Reads a request.
    ///
    /// - Parameters:
    ///   - body: What was sent.
    ///   - names: What its messages are called.
    /// - Throws: ``RequestError`` with the field that is at fault.
    init(
        _ body: JSONValue?,
        _ names: RequestMessages.Names = RequestMessages.Names()
    ) throws(RequestError) {
        let fields = try RequestFields(body)
        try fields.check(Self.kinds)
        model = try fields.required("model", "the name of a model") { value in
            value.string.flatMap { $0.isEmpty ? nil : $0 }
        }
        streams = try fields.flag("stream") ?? false
        includesUsage = fields["stream_options"]?["include_usage"] == .bool(true)
        stop = try Self.stop(fields["stop"])
        wantsFormat = try Self.wantsFormat(fields["response_format"], in: "response_format")
        try Self.refuse(fields)
        messages = try RequestMessages(fields.required("messages", "an array", \.array), names)
        let options = fields.members.filter { !Self.own.contains($0.name) && !$0.value.isNull }
        request = ChatRequest(
            messages: "\(fields["messages"] ?? .null)",
            options: "\(JSONValue.object(options))"
        )
    }

    /// Refuses what would change the answer's shape, and is not there.
    private static func refuse(_ fields: RequestFields) throws(RequestError) {
        if let count = fields["n"], count != 1 {
            throw .invalid("n must be 1: a request has one answer", param: "n")
        }
        if try fields.flag("logprobs") == true {
            throw .invalid("logprobs is not supported", param: "logprobs")
        }
        if let count = fields["top_logprobs"]?.integer, count > 0 {
            throw .invalid("top_logprobs is not supported", param: "top_logprobs")
        }
        if case .array(let kinds) = fields["modalities"], kinds != ["text"] {
            throw .invalid("modalities must be [\"text\"]", param: "modalities")
        }
    }

    private static func stop(_ value: JSONValue?) throws(RequestError) -> [String] {
        let values: [JSONValue]
        switch value {
        case nil, .null: return []
        case .string: values = [value ?? .null]
        case .array(let all): values = all
        default: throw .invalid("stop must be a string or an array of strings", param: "stop")
        }
        let sequences = values.compactMap(\.string)
        let (count, length) = stopLimit
        guard sequences.count == values.count, values.count <= count,
            sequences.allSatisfy({ $0.utf8.count <= length })
        else {
            throw .invalid(
                "stop must be at most \(count) strings, each of at most \(length) bytes",
                param: "stop"
            )
        }
        return sequences.filter { !$0.isEmpty }
    }

    /// Whether a format is asked for that is more than text.
    static func wantsFormat(_ value: JSONValue?, in param: String) throws(RequestError) -> Bool {
        guard let value, !value.isNull else { return false }
        switch value["type"]?.string {
        case "text": return false
        case "json_object", "json_schema": return true
        default:
            let known = "text, json_object or json_schema"
            throw .invalid("\(param).type must be \(known)", param: param)
        }
    }
}
