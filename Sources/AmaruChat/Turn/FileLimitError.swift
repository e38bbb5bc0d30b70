// The refusal of a file that is too large for an answer, or one too many.
// SPDX-License-Identifier: Apache-2.0

import Amaru

extension Attachment {
    /// The most that the files of an answer have in all, in bytes: they are kept in memory.
    package static let answerLimit = 16 << 20
    /// The most files of an answer: each has a name, and is told of by itself.
    package static let answerCount = 1000

    /// The file's name, or the start of a long one.
    package var shortName: String {
        String(String.UnicodeScalarView(name.unicodeScalars.prefix(80)))
    }
}

extension TurnLog {
    /// Checks that a file may be added.
    ///
    /// - Throws: ``ChatFailure`` with the code `file_limit` if there are too many files, or the
    ///   files would be too large.
    func check(_ file: Attachment) throws(ChatFailure) {
        guard files.count < Attachment.answerCount else {
            throw .fileLimit(
                "cannot add \(file.shortName.debugDescription): an answer may have "
                    + "\(Attachment.answerCount) files; send fewer"
            )
        }
        guard fileSize + file.bytes.count > Attachment.answerLimit else { return }
        // Rounded up: what does not fit must not look as if it did.
        func size(_ bytes: Int) -> String {
            let tenths = (bytes * 10 + (1 << 20) - 1) >> 20
            return "\(tenths / 10).\(tenths % 10) MiB"
        }
        let limit = "\(Attachment.answerLimit >> 20) MiB in all"
        let already = fileSize == 0 ? "" : ", and there are \(size(fileSize)) already"
        throw .fileLimit(
            "cannot add \(file.shortName.debugDescription) (\(size(file.bytes.count))): "
                + "the files of an answer may have \(limit)\(already); send fewer or smaller ones"
        )
    }
}

extension ChatFailure {
    static let fileLimitCode = "file_limit"

    fileprivate static func fileLimit(_ message: String) -> ChatFailure {
        ChatFailure(code: fileLimitCode, message: message)
    }
}

/// Tells Python that an answer has no room for a file.
struct FileLimitError: PythonExceptionConvertible, CustomStringConvertible {
    let description: String

    /// A subclass of `ValueError`.
    var pythonExceptionType: String { "amaru._pieces.FileLimitError" }
    var pythonExceptionArguments: [any ConvertibleToPython & Sendable] { [description] }
}
