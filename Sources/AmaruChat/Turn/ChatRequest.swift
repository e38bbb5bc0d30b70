// What a client of the chat-completions protocol has sent, as a script may read it.
// SPDX-License-Identifier: Apache-2.0

import Amaru

/// A request of the chat-completions protocol, beyond the question that the script answers.
///
/// A script reads it as `turn.messages` and `turn.options`. Both are JSON texts here, since a
/// schema's properties have an order, and numbers any size.
public struct ChatRequest: Sendable, Equatable, Codable {
    /// All messages, the question among them: an array.
    public let messages: String
    /// What else was asked for, such as `temperature`, `tools` and `max_tokens`: an object.
    public let options: String

    /// Creates a request from JSON texts.
    public init(messages: String, options: String = "{}") {
        self.messages = messages
        self.options = options
    }
}

/// The messages of a turn's request as Python sees them: made once, and then the same object.
struct RequestedMessages: ConvertibleToPython, PythonTypeHinted {
    let turn: Turn

    static var pythonTypeHint: String { "list[dict[str, typing.Any]] | None" }

    func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try turn.requested(turn.request?.messages, turn.requestedMessages, gil)
    }
}

/// The options of a turn's request as Python sees them: made once, and then the same object.
struct RequestedOptions: ConvertibleToPython, PythonTypeHinted {
    let turn: Turn

    static var pythonTypeHint: String { "dict[str, typing.Any]" }

    func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try turn.requested(turn.request?.options ?? "{}", turn.requestedOptions, gil)
    }
}

extension Turn {
    fileprivate func requested(
        _ text: String?,
        _ slot: PythonSlot,
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        guard let text else { return try String?.none.pythonReference(gil) }
        return try PythonActor.runBlocking {
            if let made = slot.object { return made }
            let made: PythonObject = try Python.import("json").loads(text)
            slot.object = made
            return made
        }.pythonReference(gil)
    }
}
