// A file that belongs to a message, or to an answer.
// SPDX-License-Identifier: Apache-2.0

public import Amaru

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A file that goes with a message, or comes with an answer.
///
/// ```swift
/// let file = Attachment(name: "plan.png", mediaType: "image/png", bytes: bytes)
/// let turn = session.send("What does this show?", attachments: [file])
/// ```
public struct Attachment: Sendable, Equatable, Codable {
    /// The file's name, without a folder.
    public let name: String
    /// Its type, such as `image/png`.
    public let mediaType: String
    /// What it holds.
    public let bytes: Data

    /// Creates an attachment.
    public init(name: String, mediaType: String, bytes: Data) {
        self.name = name
        self.mediaType = mediaType
        self.bytes = bytes
    }
}

extension Attachment: ConvertibleToPython, PythonTypeHinted {
    /// Its type in stubs.
    public static var pythonTypeHint: String { "amaru.Attachment" }

    /// Makes an `amaru.Attachment`.
    ///
    /// - Throws: ``PythonException`` with what Python raises; ``AmaruError`` if Python does not run.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try PythonActor.runBlocking {
            let make: PythonObject = try Python.import("amaru").Attachment
            return try make(name, mediaType, bytes) as PythonObject
        }.pythonReference(gil)
    }
}

/// What was said before, as Python sees it.
struct HistoryList: ConvertibleToPython, PythonTypeHinted {
    let exchanges: [ChatExchange]

    static var pythonTypeHint: String { "list[tuple[str, str, list[amaru.Attachment]]]" }

    func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try exchanges.map {
            PythonTuple(ShownText($0.question), ShownText($0.answer), $0.attachments)
        }.pythonReference(gil)
    }
}

/// The attachments of a turn as Python sees them: made once, and then the same objects.
struct AttachmentList: ConvertibleToPython, PythonTypeHinted {
    let turn: Turn

    static var pythonTypeHint: String { "list[amaru.Attachment]" }

    func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        if turn.attachments.isEmpty { return try [String]().pythonReference(gil) }
        return try PythonActor.runBlocking {
            if let made = turn.files.object { return made }
            let made = try PythonObject(turn.attachments)
            turn.files.object = made
            return made
        }.pythonReference(gil)
    }
}
