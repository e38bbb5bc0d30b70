// A file that belongs to a message, or to an answer.
// SPDX-License-Identifier: Apache-2.0

import Amaru

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
public struct Attachment: Sendable, Equatable {
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

/// The attachments of a turn as Python sees them: made once, and then the same objects.
struct AttachmentList: ConvertibleToPython, PythonTypeHinted {
    let turn: Turn

    static var pythonTypeHint: String { "list[amaru.Attachment]" }

    func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        if turn.attachments.isEmpty { return try [String]().pythonReference(gil) }
        return try PythonActor.runBlocking {
            if let made = turn.files.object { return made }
            let make: PythonObject = try Python.import("amaru").Attachment
            let made = try PythonObject(
                turn.attachments.map { try make($0.name, $0.mediaType, $0.bytes) as PythonObject }
            )
            turn.files.object = made
            return made
        }.pythonReference(gil)
    }
}
