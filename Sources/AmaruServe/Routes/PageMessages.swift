// What the page sends and gets as JSON.
// SPDX-License-Identifier: Apache-2.0

package import AmaruChat
import AmaruStore

/// What the page shows around its conversations.
package struct PageState: Sendable {
    package var title: String
    package var script: String?
    package var model: String
    /// The models that may be asked, if there are several; first that one.
    package var models: [String] = []
    package var version: String
    /// Whether the script has started.
    package var isReady: Bool
    /// Why the script does not answer.
    package var fault: ChatFailure?
    /// What is wrong though it answers.
    package var warning: ChatFailure?

    package init(
        title: String,
        script: String?,
        model: String,
        version: String,
        isReady: Bool = true,
        fault: ChatFailure? = nil
    ) {
        self.title = title
        self.script = script
        self.model = model
        self.version = version
        self.isReady = isReady
        self.fault = fault
    }

    var json: JSONValue {
        [
            "title": .string(title), "script": JSONValue(script), "model": .string(model),
            "models": .array(models.map { .string($0) }), "version": .string(version),
            "ready": .bool(isReady), "fault": fault.map { JSONValue($0) } ?? .null,
            "warning": warning.map { JSONValue($0) } ?? .null,
        ]
    }
}

extension JSONValue {
    /// The list of conversations.
    init(_ found: [Conversation], areMore: Bool) {
        let conversations = found.map { conversation -> JSONValue in
            [
                "id": .string(conversation.id), "title": .string(conversation.title),
                "model": .string(conversation.model), "changed": .number("\(conversation.changed)"),
            ]
        }
        self = ["conversations": .array(conversations), "more": .bool(areMore)]
    }

    /// A conversation along the branch that is shown.
    init(_ whole: WholeConversation, _ answers: [Int64: AnswerStream], model: String) {
        let turns = whole.branch.map { turn -> JSONValue in
            // One that is open is followed from its beginning.
            let shown = answers[turn.id] ?? AnswerStream()
            let versions = whole.versions(of: turn)
            let fault = ChatFailure(code: "failed", message: turn.reason)
            return .members([
                "id": .integer(turn.id), "request": turn.request.map { .string($0) },
                "question": .string(turn.question), "state": .string(turn.state.rawValue),
                "reason": .string(withoutFolders: turn.reason), "model": .string(turn.model),
                "blocks": .array(shown.blocks.map { .string($0) }),
                "reasoning": .string(shown.reasoning),
                "notices": .array(shown.notices.map { .string($0) }),
                "files": .array(shown.files.map(\.json)),
                "usage": .pageUsage(turn.promptTokens, turn.completionTokens),
                "ms": turn.milliseconds.map { .integer($0) },
                "error": turn.state == .failed ? JSONValue(fault) : nil,
                "answers": .array(versions.answers.map { .integer($0) }),
                "questions": .array(versions.questions.map { .integer($0) }),
            ])
        }
        let conversation = whole.conversation
        self = [
            "id": .string(conversation.id), "title": .string(conversation.title),
            "model": .string(model), "turns": .array(turns),
        ]
    }
}

extension NewTurn {
    /// Reads a message to a conversation.
    ///
    /// - Throws: ``RequestError`` for the field that is at fault.
    init(_ fields: RequestFields) throws(RequestError) {
        self.init(
            message: try fields.required("message", "text that is not empty") { value in
                value.string.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
            },
            request: try fields.required("request", "a string of 1 to 100 bytes") { value in
                value.string.flatMap { (1...100).contains($0.utf8.count) ? $0 : nil }
            }
        )
        model = try fields.value("model", "the name of a model", \.string)
        if let parent = try fields.id("parent") {
            place = .after(parent)
        } else if fields.has("parent") {
            place = .beginning
        }
    }
}
