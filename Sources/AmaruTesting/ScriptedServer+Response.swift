// What the scripted server answers, step by step.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// An answer of the scripted server: bytes, pauses and faults in their order.
///
/// ```swift
/// ScriptedResponse.json(#"{"error": {"message": "slow down"}}"#, status: 429)
/// ScriptedResponse.chat("Hello there")
/// ScriptedResponse.raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", .close)
/// ```
public struct ScriptedResponse: Sendable {
    /// One step of an answer.
    public enum Step: Sendable {
        /// Sends bytes, as soon as the client takes them.
        case bytes(Data)
        /// Waits until the test opens the gate.
        case wait(Gate)
        /// Calls the test, when all that comes before was taken by the system.
        case call(@Sendable () -> Void)
        /// Closes the connection in order.
        case close
        /// Closes the connection without the end that TLS has for it.
        case cut
        /// Resets the connection, so that the client sees an error rather than an end.
        case reset

        /// Sends text.
        public static func text(_ text: String) -> Step { .bytes(Data(text.utf8)) }
    }

    let steps: @Sendable (RecordedRequest) -> [Step]

    /// Makes an answer whose steps depend on the request.
    public init(steps: @escaping @Sendable (RecordedRequest) -> [Step]) {
        self.steps = steps
    }

    /// Makes an answer of these steps, whatever the request.
    public init(_ steps: [Step]) {
        self.steps = { _ in steps }
    }

    /// Sends these bytes as they are, then does the further steps.
    public static func raw(_ text: String, _ further: Step...) -> ScriptedResponse {
        ScriptedResponse([.text(text)] + further)
    }

    /// Answers with a body of known length.
    public static func text(
        _ body: String,
        status: Int = 200,
        reason: String = "OK",
        headers: [(String, String)] = [("Content-Type", "text/plain; charset=utf-8")]
    ) -> ScriptedResponse {
        let fields = headers + [("Content-Length", "\(body.utf8.count)")]
        return ScriptedResponse([
            .text(head(status: status, reason: reason, headers: fields) + body)
        ])
    }

    /// Answers with JSON.
    public static func json(
        _ body: String,
        status: Int = 200,
        headers: [(String, String)] = []
    ) -> ScriptedResponse {
        let fields = [("Content-Type", "application/json")] + headers
        return .text(body, status: status, reason: phrase(status), headers: fields)
    }

    /// Answers 200 with a page of HTML, as a captive portal does.
    public static let html = ScriptedResponse.text(
        "<!DOCTYPE html><title>Sign in</title><p>Sign in to the network.",
        headers: [("Content-Type", "text/html")]
    )

    /// Answers chunk by chunk, waiting at a gate between two halves.
    public static func chunks(
        _ first: [String],
        then gate: Gate? = nil,
        _ second: [String] = [],
        headers: [(String, String)] = [("Content-Type", "text/plain")]
    ) -> ScriptedResponse {
        let fields = headers + [("Transfer-Encoding", "chunked")]
        var steps: [Step] = [.text(head(headers: fields))]
        steps += first.map { .text(chunk($0)) }
        if let gate { steps.append(.wait(gate)) }
        steps += second.map { .text(chunk($0)) }
        return ScriptedResponse(steps + [.text("0\r\n\r\n")])
    }

    /// Announces more than it sends, then closes.
    public static func truncated(_ sent: String, announced: Int) -> ScriptedResponse {
        .raw(head(headers: [("Content-Length", "\(announced)")]) + sent, .close)
    }

    /// Sends a chunk whose size is no number.
    public static let badChunkSize = ScriptedResponse.raw(
        head(headers: [("Transfer-Encoding", "chunked")]) + "5\r\nhello\r\nzz\r\n",
        .close
    )

    /// Closes without a word.
    public static let closeBeforeHead = ScriptedResponse([.close])

    /// Resets the connection without a word.
    public static let resetBeforeHead = ScriptedResponse([.reset])

    /// Says nothing until the gate is opened, then answers.
    public static func stall(until gate: Gate, then text: String = "late") -> ScriptedResponse {
        let fields = [("Content-Length", "\(text.utf8.count)")]
        return ScriptedResponse([.wait(gate), .text(head(headers: fields) + text)])
    }

    /// Makes the head of an answer.
    public static func head(
        status: Int = 200,
        reason: String = "OK",
        headers: [(String, String)]
    ) -> String {
        let lines = headers.map { "\($0.0): \($0.1)\r\n" }
        return "HTTP/1.1 \(status) \(reason)\r\n\(lines.joined())\r\n"
    }

    /// Makes a chunk of a chunked body.
    public static func chunk(_ text: String) -> String {
        String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n"
    }

    private static func phrase(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 503: "Service Unavailable"
        default: ""
        }
    }
}
