// A turn as Python sees it: the class `_amaru_chat.Turn`.
// SPDX-License-Identifier: Apache-2.0

public import Amaru

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Turn: PythonClassInstance {
    /// The class `Turn`; its instances are the host's turns.
    public static let pythonClass = PythonClass(
        Turn.self,
        documentation: "One message of the user and everything that is shown in answer to it."
    ) {
        PythonMethod(
            "text",
            .positional("delta"),
            documentation: "Adds answer text; False when the turn has ended."
        ) {
            (turn, delta: ShownText) in try turn.add(.text(delta.text))
        }
        PythonMethod(
            "reasoning",
            .positional("delta"),
            documentation: "Adds what the model thinks."
        ) {
            (turn, delta: ShownText) in try turn.add(.reasoning(delta.text))
        }
        PythonMethod(
            "tool_call",
            .positional("name"),
            .positional("arguments"),
            documentation: "Adds a tool call, its arguments as JSON."
        ) {
            (turn, name: ShownText, arguments: ShownText) in
            try turn.add(.toolCall(name: name.text, arguments: arguments.text))
        }
        PythonMethod(
            "attach",
            .positional("name"),
            .positional("media_type"),
            .positional("data"),
            documentation: "Adds a file to the answer; ValueError above 1000 or 16 MiB."
        ) {
            (turn, name: ShownText, mediaType: ShownText, data: Data) in
            try turn.attach(
                Attachment(name: name.text, mediaType: mediaType.text, bytes: data)
            )
        }
        PythonProperty("attachments") { AttachmentList(turn: $0) }
        PythonMethod(
            "usage",
            .positional("prompt_tokens"),
            .positional("completion_tokens"),
            documentation: "Adds the number of tokens that were used."
        ) {
            (turn, prompt: Int, completion: Int) in
            try turn.add(.usage(prompt: prompt, completion: completion))
        }
        PythonMethod(
            "display",
            .positional("text"),
            documentation: "Adds a whole reply."
        ) {
            (turn, text: ShownText) in try turn.add(.display(text.text))
        }
        PythonMethod(
            "notice",
            .positional("message"),
            documentation: "Adds a line for standard error."
        ) {
            (turn, message: ShownText) in try turn.add(.notice(message.text))
        }
        PythonMethod(
            "stalled",
            .positional("message"),
            documentation: "Says that nothing of the answer has come for a while."
        ) {
            (turn, message: ShownText) in try turn.add(.stalled(message.text))
        }
        PythonMethod(
            "retrying",
            .positional("reason"),
            .positional("seconds"),
            .positional("attempt"),
            .positional("attempts"),
            documentation: "Says that the request is sent again, and when."
        ) {
            (turn, reason: ShownText, seconds: Double, attempt: Int, attempts: Int) in
            try turn.add(
                .retrying(
                    reason: reason.text,
                    delay: Duration(bounded: seconds) ?? .zero,
                    attempt: attempt,
                    attempts: attempts
                )
            )
        }
        PythonMethod(
            "finished",
            .positional("reason", default: "stop"),
            documentation: "Ends the turn; False if it had ended."
        ) { (turn, reason: String) in turn.end(.finished(reason: reason)) }
        PythonMethod(
            "failed",
            .positional("code"),
            .positional("message"),
            .positional("remedy", default: ShownText("")),
            .positional("retry_after", default: nil),
            documentation: """
                Ends the turn with a fault: what happened, what the user can do, and in how many \
                seconds the same may succeed.
                """
        ) { (turn, code: String, message: ShownText, remedy: ShownText, retryAfter: Double?) in
            turn.end(
                .failed(
                    ChatFailure(
                        code: code,
                        message: EscapeFilter.clean(message.text),
                        remedy: EscapeFilter.clean(remedy.text),
                        retryAfter: retryAfter.flatMap { Duration(bounded: $0) }
                    )
                )
            )
        }
        PythonMethod("cancelled", documentation: "Ends the turn as stopped by the user.") { turn in
            turn.end(.cancelled)
        }
        PythonProperty("ended") { $0.end != nil }
        PythonProperty(
            "history",
            documentation: """
                The questions and answers before this, with the questions' files; None for those \
                remembered.
                """
        ) { turn in turn.history.map { HistoryList(exchanges: $0) } }
        PythonProperty("messages", documentation: "The messages of a request, or None.") {
            RequestedMessages(turn: $0)
        }
        PythonProperty("options", documentation: "What a request asks for beside an answer.") {
            RequestedOptions(turn: $0)
        }
        PythonMethod(
            "clean",
            .positional("text"),
            documentation: "Removes terminal escapes from text in pieces."
        ) {
            (turn, text: ShownText) in turn.clean(text.text)
        }
        PythonMethod("drain", documentation: "Waits until the readers have taken enough.") {
            turn async in await turn.drain()
        }
        PythonMethod(
            "bind",
            .positional("task"),
            documentation: "Ends the turn with a task, and the task with it."
        ) {
            (turn, task: PythonObject) in
            turn.task.object = task
            try PythonActor.runBlocking {
                _ = try Python.import("amaru.host").end_with(turn, task) as PythonObject
                // A task's context has the turn: both, with all that was asked, would stay until
                // Python's collector comes.
                let forget = PythonFunction("forget", .positional("task")) {
                    [slot = turn.task] (done: PythonObject) in
                    try PythonActor.runBlocking {
                        if slot.object?.isIdentical(to: done) == true { slot.object = nil }
                    }
                }
                _ = try task.add_done_callback(forget) as PythonObject
                // A turn that was stopped before there was a task.
                if turn.end == .cancelled { _ = try task.cancel() as PythonObject }
            }
        }
        PythonMethod("claim", documentation: "Says that the script ends the turn itself.") {
            turn in turn.claim()
        }
    }

    /// The slots of the bound task, of the attachments, and of what a request holds.
    public var pythonSlots: [PythonSlot] { [task, files, requestedMessages, requestedOptions] }
}

/// A `str` in which lone surrogates, which have no UTF-8, are replaced by U+FFFD.
struct ShownText: ConvertibleFromPython, ConvertibleToPython, PythonTypeHinted, Sendable {
    let text: String

    init(_ text: String) { self.text = text }

    static var pythonTypeHint: String { "str" }

    static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> ShownText {
        do {
            return ShownText(try String.fromPython(reference, gil))
        } catch let error as PythonConversionError where error.kind == .value {
            let string = PythonObject.fromPython(reference, gil)
            return try PythonActor.runBlocking {
                // As UTF-16 the pairs are joined; what is left of them is replaced.
                let bytes: PythonObject = try string.encode("utf-16-le", "surrogatepass")
                return try ShownText(bytes.decode("utf-16-le", "replace"))
            }
        }
    }

    func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try text.pythonReference(gil)
    }
}
