// A request for a chat completion, read as tolerantly as clients differ.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

/// A request for a chat completion.
struct CompletionRequest: Sendable, Equatable {
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
    /// What is not the script's business.
    private static let own: Set = ["model", "messages", "stream", "stream_options", "n"]

    /// Reads a request.
    ///
    /// - Throws: ``APIError`` with the field that is at fault.
    init(_ body: JSONValue) throws(APIError) {
        guard case .object(let members) = body else {
            throw .invalid("The body must be a JSON object, and is \(body.kind).")
        }
        let fields = RequestFields(body)
        model = try fields.model()
        streams = try fields.flag("stream") ?? false
        includesUsage = body["stream_options"]?["include_usage"] == .bool(true)
        stop = try Self.stop(body["stop"])
        wantsFormat = try Self.wantsFormat(body["response_format"], in: "response_format")
        try Self.refuse(fields)
        for name in ["max_tokens", "max_completion_tokens"] { try fields.checkLimit(name) }
        for name in ["temperature", "top_p", "presence_penalty", "frequency_penalty"] {
            try fields.checkNumber(name)
        }
        messages = try RequestMessages(fields.array("messages"))
        let options = members.filter { !Self.own.contains($0.name) && $0.value != .null }
        request = ChatRequest(
            messages: "\(body["messages"] ?? .null)",
            options: "\(JSONValue.object(options))"
        )
    }

    /// Refuses what would change the answer's shape, and is not there.
    private static func refuse(_ fields: RequestFields) throws(APIError) {
        if let count = fields["n"], count != 1 {
            throw .invalid("There is one answer to a request: n must be 1.", param: "n")
        }
        if try fields.flag("logprobs") == true {
            throw .invalid("There are no log probabilities. Leave logprobs out.", param: "logprobs")
        }
        if let count = fields["top_logprobs"]?.integer, count > 0 {
            let message = "There are no log probabilities. Leave top_logprobs out."
            throw .invalid(message, param: "top_logprobs")
        }
        if case .array(let kinds) = fields["modalities"], kinds != ["text"] {
            throw .invalid("Answers are text. Leave modalities out.", param: "modalities")
        }
    }

    private static func stop(_ value: JSONValue?) throws(APIError) -> [String] {
        let values: [JSONValue]
        switch value {
        case nil, .null: return []
        case .string: values = [value ?? .null]
        case .array(let all): values = all
        default: throw .invalid("It must be a string or an array of strings.", param: "stop")
        }
        let sequences = values.compactMap(\.string)
        let (count, length) = stopLimit
        guard sequences.count == values.count, values.count <= count,
            sequences.allSatisfy({ $0.utf8.count <= length })
        else {
            throw .invalid(
                "It must be at most \(count) strings, each of at most \(length) bytes.",
                param: "stop"
            )
        }
        return sequences.filter { !$0.isEmpty }
    }

    /// Whether a format is asked for that is more than text.
    static func wantsFormat(_ value: JSONValue?, in param: String) throws(APIError) -> Bool {
        guard let value, value != .null else { return false }
        switch value["type"]?.string {
        case "text": return false
        case "json_object", "json_schema": return true
        default:
            let known = "text, json_object or json_schema"
            throw .invalid("Its type must be \(known).", param: param)
        }
    }
}

/// The fields of a request's body, whose values are checked as they are read; null is absent.
struct RequestFields {
    private let body: JSONValue

    init(_ body: JSONValue) { self.body = body }

    subscript(name: String) -> JSONValue? {
        body[name].flatMap { $0 == .null ? nil : $0 }
    }

    private func fault(_ name: String, _ wanted: String) -> APIError {
        let found = self[name].map { "is \($0.kind)" } ?? "is missing"
        return .invalid("\(name) must be \(wanted), and \(found).", param: name)
    }

    func model() throws(APIError) -> String {
        guard let model = self["model"]?.string, !model.isEmpty else {
            throw fault("model", "the name of a model")
        }
        return model
    }

    func flag(_ name: String) throws(APIError) -> Bool? {
        switch self[name] {
        case nil: return nil
        case .bool(let flag): return flag
        default: throw fault(name, "true or false")
        }
    }

    func array(_ name: String) throws(APIError) -> [JSONValue] {
        guard case .array(let values) = self[name] else { throw fault(name, "an array") }
        return values
    }

    func checkLimit(_ name: String) throws(APIError) {
        guard let value = self[name] else { return }
        guard let number = value.integer, number > 0 else {
            throw .invalid("\(name) must be a whole number above 0.", param: name)
        }
    }

    func checkNumber(_ name: String) throws(APIError) {
        guard let value = self[name] else { return }
        guard case .number = value else { throw fault(name, "a number") }
    }
}
