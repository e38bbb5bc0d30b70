// Answers in the form of OpenAI's chat completions.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension ScriptedResponse {
    /// Answers a chat completion: as a stream of events if the request asks for one, else as JSON.
    ///
    /// The stream has a delta for each word, a finish reason, the usage if the request asks for it,
    /// and `[DONE]`.
    ///
    /// - `gate`: Where the stream waits after its first word.
    public static func chat(_ text: String, pauseAt gate: Gate? = nil) -> ScriptedResponse {
        ScriptedResponse { request in
            let wanted = ChatRequest(request.body)
            let model = wanted.model ?? "scripted"
            return wanted.stream == true
                ? streamed(text, model: model, usage: wanted.wantsUsage, gate: gate)
                : whole(text, model: model)
        }
    }

    /// Answers with an error in the form of OpenAI's API.
    public static func apiError(
        _ message: String,
        status: Int,
        code: String? = nil,
        headers: [(String, String)] = []
    ) -> ScriptedResponse {
        let codeText = code.map(quoted) ?? "null"
        let kind = status == 429 ? "rate_limit_error" : "invalid_request_error"
        return .json(
            #"{"error": {"message": \#(quoted(message)), "type": "\#(kind)", "#
                + #""param": null, "code": \#(codeText)}}"#,
            status: status,
            headers: headers
        )
    }

    private static func whole(_ text: String, model: String) -> [Step] {
        let body =
            #"{"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "#
            + #""model": \#(quoted(model)), "choices": [{"index": 0, "#
            + #""message": {"role": "assistant", "content": \#(quoted(text))}, "#
            + #""finish_reason": "stop"}], "usage": \#(usage(text))}"#
        let fields = [
            ("Content-Type", "application/json"), ("Content-Length", "\(body.utf8.count)"),
        ]
        return [.text(head(headers: fields) + body)]
    }

    private static func streamed(
        _ text: String,
        model: String,
        usage wantsUsage: Bool,
        gate: Gate?
    ) -> [Step] {
        let fields = [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")]
        func event(_ choices: String, usage: String? = nil) -> Step {
            let usageText = usage.map { #", "usage": \#($0)"# } ?? ""
            let json =
                #"{"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "#
                + #""model": \#(quoted(model)), "choices": [\#(choices)]\#(usageText)}"#
            return .text(chunk("data: \(json)\n\n"))
        }
        func delta(_ content: String, finish: String = "null") -> Step {
            event(#"{"index": 0, "delta": \#(content), "finish_reason": \#(finish)}"#)
        }
        var steps = [Step.text(head(headers: fields)), delta(#"{"role": "assistant"}"#)]
        for (index, word) in words(text).enumerated() {
            steps.append(delta(#"{"content": \#(quoted(word))}"#))
            if index == 0, let gate { steps.append(.wait(gate)) }
        }
        steps.append(delta("{}", finish: #""stop""#))
        if wantsUsage { steps.append(event("", usage: usage(text))) }
        return steps + [.text(chunk("data: [DONE]\n\n")), .text("0\r\n\r\n")]
    }

    /// The words of a text, each with the blanks that follow it.
    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        var endedWord = true
        for character in text {
            if endedWord { words.append("") }
            words[words.count - 1].append(character)
            endedWord = character.isWhitespace
        }
        return words
    }

    private static func usage(_ text: String) -> String {
        let count = words(text).count
        return #"{"prompt_tokens": 1, "completion_tokens": \#(count), "#
            + #""total_tokens": \#(count + 1)}"#
    }

    private static func quoted(_ text: String) -> String {
        let data = try? JSONEncoder().encode(text)
        return data.map { String(decoding: $0, as: UTF8.self) } ?? #""""#
    }
}

/// The fields of a chat request that change the form of the answer.
private struct ChatRequest: Decodable {
    struct StreamOptions: Decodable {
        var includeUsage: Bool?

        enum CodingKeys: String, CodingKey { case includeUsage = "include_usage" }
    }

    var model: String?
    var stream: Bool?
    var streamOptions: StreamOptions?

    enum CodingKeys: String, CodingKey {
        case model, stream
        case streamOptions = "stream_options"
    }

    init(_ body: Data) {
        self = (try? JSONDecoder().decode(ChatRequest.self, from: body)) ?? ChatRequest()
    }

    private init() {}

    var wantsUsage: Bool { streamOptions?.includeUsage == true }
}
