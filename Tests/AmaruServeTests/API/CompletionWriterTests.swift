// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruMarkdown
import Foundation
import HTTPTypes
import Testing

@testable import AmaruServe

struct CompletionWriterTests {
    private static let head = CompletionHead(id: "chatcmpl-1", created: 7, model: "m")
    private static let start =
        #"{"id":"chatcmpl-1","object":"chat.completion.chunk","#
        + #""created":7,"model":"m","choices":["#

    /// The stream of a turn, of each chunk what is in `choices` and what follows.
    private static func streamed(
        _ events: [TurnEvent],
        _ end: TurnEnd = .finished(reason: "stop"),
        stop: [String] = [],
        usage: Bool = false
    ) -> [String] {
        var writer = CompletionWriter(head, stop: stop, includesUsage: usage)
        let sent = events.flatMap { writer.take($0) } + writer.finish(end)
        return sent.map { event in
            #expect(event.name == nil)
            let data = "\(event.data ?? "")"
            #expect(!data.contains(where: \.isNewline) && !data.isEmpty)
            return data.hasPrefix(start) ? String(data.dropFirst(start.count)) : data
        }
    }

    private static func choice(_ delta: String, _ reason: String = "null") -> String {
        #"{"index":0,"delta":\#(delta),"logprobs":null,"finish_reason":\#(reason)}]}"#
    }

    private static let role = choice(#"{"role":"assistant","content":""}"#)

    @Test func `A stream has the role, the texts, the reason, and the end`() {
        #expect(
            Self.streamed([.reasoning("hm"), .text("Hel"), .notice("n"), .text("lo")]) == [
                Self.role, Self.choice(#"{"reasoning_content":"hm"}"#),
                Self.choice(#"{"content":"Hel"}"#), Self.choice(#"{"content":"lo"}"#),
                Self.choice("{}", #""stop""#), "[DONE]",
            ]
        )
    }

    @Test func `An empty answer is whole`() {
        #expect(Self.streamed([]) == [Self.role, Self.choice("{}", #""stop""#), "[DONE]"])
    }

    @Test func `Tokens are counted only for those who ask`() {
        let events: [TurnEvent] = [
            .text("x"), .usage(prompt: 1, completion: 1),
            .usage(prompt: 3, completion: 4),
        ]
        #expect(!Self.streamed(events).contains { $0.contains("usage") })
        #expect(
            Self.streamed(events, usage: true).suffix(2) == [
                #"],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#, "[DONE]",
            ]
        )
        // Nothing was counted: nothing is said of it.
        let uncounted = Self.streamed([.text("x")], usage: true)
        #expect(uncounted == Self.streamed([.text("x")]))
    }

    @Test func `Calls of tools have a place and a name of their own`() {
        let events: [TurnEvent] = [
            .toolCall(name: "a", arguments: #"{"x":1}"#), .toolCall(name: "b", arguments: "{}"),
        ]
        func opening(_ index: Int, _ name: String) -> String {
            Self.choice(
                #"{"tool_calls":[{"index":\#(index),"id":"call_1_\#(index)","type":"function","#
                    + #""function":{"name":"\#(name)","arguments":""}}]}"#
            )
        }
        func arguments(_ index: Int, _ json: String) -> String {
            Self.choice(
                #"{"tool_calls":[{"index":\#(index),"function":{"arguments":"\#(json)"}}]}"#
            )
        }
        #expect(
            Self.streamed(events) == [
                Self.role, opening(0, "a"), arguments(0, #"{\"x\":1}"#), opening(1, "b"),
                arguments(1, "{}"), Self.choice("{}", #""tool_calls""#), "[DONE]",
            ]
        )
    }

    @Test(
        arguments: [
            ("stop", "stop"), ("length", "length"), ("model_length", "length"),
            ("content_filter", "content_filter"), ("whatever", "stop"), ("", "stop"),
        ]
    )
    func `A reason is one of the API's`(given: String, sent: String) {
        #expect(
            Self.streamed([], .finished(reason: given)).contains(Self.choice("{}", "\"\(sent)\""))
        )
    }

    @Test func `A stop sequence ends the answer, also between two events`() {
        var writer = CompletionWriter(Self.head, stop: ["END"])
        #expect(writer.take(.text("a EN")).count == 2)
        #expect(!writer.wantsNoMore)
        #expect(writer.take(.text("D b")).isEmpty)
        #expect(writer.wantsNoMore)
        #expect(writer.take(.toolCall(name: "late", arguments: "")).isEmpty)
        // The turn was stopped for it, which is no fault.
        #expect(writer.fault(.cancelled) == nil)
        #expect(writer.finish(.cancelled).count == 2)
    }

    @Test func `What a stop sequence has held back comes at the end`() {
        #expect(
            Self.streamed([.text("a EN")], stop: ["END"]).dropLast(2).last
                == Self.choice(#"{"content":"EN"}"#)
        )
    }

    @Test func `The displays of a script are its answer, and do not stop it`() {
        #expect(
            Self.streamed([.display("one"), .display("two END"), .display("three")], stop: ["END"])
                == [
                    Self.role, Self.choice(#"{"content":"one"}"#),
                    Self.choice(#"{"content":"\n\ntwo "}"#), Self.choice("{}", #""stop""#),
                    "[DONE]",
                ]
        )
        var writer = CompletionWriter(Self.head, stop: ["END"])
        _ = writer.take(.display("END"))
        #expect(!writer.wantsNoMore)
    }

    // MARK: Files

    private static let plot = Attachment(
        name: "a\nplot.png",
        mediaType: "image/PNG",
        bytes: Data("hi".utf8)
    )
    private static let image =
        #"{"images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,aGk="}}]}"#

    @Test func `A picture is sent, and a line stands for it in the text`() throws {
        let events: [TurnEvent] = [.text("see"), .attachment(Self.plot), .text("so")]
        #expect(
            Self.streamed(events) == [
                Self.role, Self.choice(#"{"content":"see"}"#),
                Self.choice(#"{"content":"\n\n[`a plot.png`, 2 bytes]"}"#), Self.choice(Self.image),
                Self.choice(#"{"content":"\n\nso"}"#), Self.choice("{}", #""stop""#), "[DONE]",
            ]
        )
        let whole = "\(try Self.whole(events))"
        #expect(whole.contains(#""content":"see\n\n[`a plot.png`, 2 bytes]\n\nso""#))
        #expect(whole.contains(Self.image.dropFirst().dropLast()))
    }

    @Test func `What cannot be sent is named, with the reason`() throws {
        let page = Attachment(name: "a.html", mediaType: "text/html", bytes: Data("hi".utf8))
        let large = Attachment(name: "b.png", mediaType: "image/png", bytes: Data(count: 8 << 20))
        let named = Attachment(
            // One grapheme cluster.
            name: "n" + String(repeating: "\u{301}", count: 9000),
            mediaType: "x/y",
            bytes: Data()
        )
        let events: [TurnEvent] = [page, large, Self.plot, named].map { .attachment($0) }
        let content = try Self.whole(events)["choices"]?.array?.first?["message"]?["content"]?
            .string
        let lines = (content ?? "").split(separator: "\n\n")
        #expect(
            lines.prefix(3) == [
                "[`a.html`, 2 bytes: left out, an answer of this API has text and pictures only]",
                "[`b.png`, 8388608 bytes]",
                "[`a plot.png`, 2 bytes: left out, the pictures of an answer have 8 MiB at most]",
            ]
        )
        #expect(lines.count == 4 && lines[3].unicodeScalars.count < 200)
    }

    @Test(
        arguments: [
            ("**a** <b>c</b> [d](http://e.test) ![f](http://g.test) www.h.test", nil),
            ("` `i", "' 'i"), ("__init__.py", nil), ("j\\", nil), ("&amp;", nil),
            ("a\t\u{2028}b\u{85}\nc", "a b c"), ("k\u{202E}gnp.\u{2066}l\u{200F}\u{7}", "kgnp.l"),
            ("\u{1F469}\u{200D}\u{1F4BB}.png", nil), ("\u{645}\u{6CC}\u{200C}\u{62E}", nil),
        ] as [(String, String?)]
    )
    func `A name is a text, whatever is in it`(name: String, shown: String?) throws {
        let file = Attachment(name: name, mediaType: "x/y", bytes: Data())
        let text = shown ?? name
        #expect(file.line() == "[`\(text)`, 0 bytes]")
        let code = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;").replacing("'", with: "&#39;")
        #expect(
            HTMLRenderer.blocks(file.line()) == ["<p>[<code>\(code)</code>, 0 bytes]</p>"]
        )
    }

    @Test func `Thoughts before a file do not make its name a part of them`() {
        var writer = CompletionWriter(Self.head, isFormatted: true)
        _ = writer.take(.reasoning("`"))
        let sent = writer.take(.attachment(Self.plot))
        #expect(sent.first?.data?.description.contains(#""\n\n[`a plot.png`, 2 bytes]\n""#) == true)
    }

    @Test func `A file is not taken for the model's words by stop sequences`() {
        let events: [TurnEvent] = [
            .text("a EN"), .attachment(Self.plot), .text("D\n"), .text("b END c"),
        ]
        #expect(
            Self.streamed(events, stop: ["END", "\n\n"]) == [
                Self.role, Self.choice(#"{"content":"a "}"#), Self.choice(#"{"content":"EN"}"#),
                Self.choice(#"{"content":"\n\n[`a plot.png`, 2 bytes]"}"#), Self.choice(Self.image),
                Self.choice(#"{"content":"\n\nD"}"#), Self.choice(#"{"content":"\nb "}"#),
                Self.choice("{}", #""stop""#), "[DONE]",
            ]
        )
        var writer = CompletionWriter(Self.head, stop: ["END"])
        _ = writer.take(.text("END"))
        #expect(writer.take(.attachment(Self.plot)).isEmpty)
    }

    @Test func `A text for a program stays as it is, and thoughts name the file`() {
        var writer = CompletionWriter(Self.head, isFormatted: true)
        _ = writer.take(.text("{"))
        let sent = writer.take(.attachment(Self.plot)) + writer.take(.text("}"))
        #expect(
            sent.map { String("\($0.data ?? "")".dropFirst(Self.start.count)) } == [
                Self.choice(#"{"reasoning_content":"[`a plot.png`, 2 bytes]\n"}"#),
                Self.choice(Self.image), Self.choice(#"{"content":"}"}"#),
            ]
        )
    }

    @Test func `A fault in the middle is an error, and nothing follows`() {
        let failure = ChatFailure(
            code: "script",
            message: "the script raised ValueError: no",
            remedy: "fix the script at /home/x/chat.py, line 3"
        )
        let sent = Self.streamed([.text("partial")], .failed(failure))
        #expect(
            sent.last
                == #"{"error":{"message":"the script raised ValueError: no","#
                + #""type":"server_error","param":null,"code":"script_error"}}"#
        )
        #expect(sent.count == 3)
    }

    @Test func `Events that are missing are a fault`() {
        #expect(Self.streamed([.skipped(3), .text("rest")]).last?.contains("error") == true)
    }

    // MARK: Whole

    private static func whole(
        _ events: [TurnEvent],
        _ end: TurnEnd = .finished(reason: "stop"),
        stop: [String] = []
    ) throws -> JSONValue {
        var writer = CompletionWriter(head, stop: stop, streams: false)
        for event in events { #expect(writer.take(event).isEmpty) }
        return try writer.whole(end)
    }

    @Test func `A whole answer has its text, its reason and the tokens, always`() throws {
        let answer = try Self.whole([.text("Hello, "), .reasoning("hm"), .text("END x")])
        let wanted = #"""
            {"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"m",\#
            "choices":[{"index":0,"message":{"role":"assistant","content":"Hello, END x",\#
            "refusal":null,"reasoning_content":"hm"},"logprobs":null,"finish_reason":"stop"}],\#
            "usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}
            """#
        #expect("\(answer)" == wanted)
        let cut = try Self.whole([.text("Hello, END x")], stop: ["END"])
        #expect("\(cut)".contains(#""content":"Hello, ""#))
    }

    @Test func `An answer of calls alone has no content`() throws {
        let answer = try Self.whole([.toolCall(name: "f", arguments: "{}")])
        #expect(
            "\(answer)".contains(
                #""content":null,"refusal":null,"tool_calls":[{"id":"call_1_0","type":"function","#
                    + #""function":{"name":"f","arguments":"{}"}}]"#
            )
        )
        #expect("\(answer)".contains(#""finish_reason":"tool_calls""#))
    }

    @Test(
        arguments: [
            ("script", 500), ("connection", 502), ("authentication", 502), ("rate_limit", 429),
            ("bad_request", 400), ("start", 503), ("stall", 504), ("anything", 500),
        ]
    )
    func `A turn that fails has the status of its fault, and is not repeated`(
        code: String,
        status: Int
    ) {
        let failure = ChatFailure(
            code: code,
            message: "it broke at /a b/c.py, line 12",
            remedy: "do x"
        )
        let error = #expect(throws: RequestError.self) {
            try Self.whole([.text("partial")], .failed(failure))
        }
        #expect(error?.status.code == status)
        #expect(error?.message == "it broke")
        let words = code == "script" ? "it broke" : "it broke: do x"
        #expect(error?.modelJSON["error"]?["message"] == .string(words))
        #expect(error?.headers[.shouldRetry] == "false")
    }
}
