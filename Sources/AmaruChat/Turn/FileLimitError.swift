// The refusal of a file that is too large for an answer.
// SPDX-License-Identifier: Apache-2.0

import Amaru

extension Attachment {
    /// The most that the files of an answer have in all, in bytes: they are kept in memory.
    package static let answerLimit = 16 << 20

    /// The file's name, or the start of a long one.
    package var shortName: String {
        String(String.UnicodeScalarView(name.unicodeScalars.prefix(80)))
    }
}

extension ChatFailure {
    static let fileLimitCode = "file_limit"

    /// Refuses a file beside others of so many bytes.
    static func fileLimit(_ file: Attachment, beside others: Int) -> ChatFailure {
        // Rounded up: what does not fit must not look as if it did.
        func size(_ bytes: Int) -> String {
            let tenths = (bytes * 10 + (1 << 20) - 1) >> 20
            return "\(tenths / 10).\(tenths % 10) MiB"
        }
        let limit = "\(Attachment.answerLimit >> 20) MiB in all"
        let already = others == 0 ? "" : ", and there are \(size(others)) already"
        return ChatFailure(
            code: fileLimitCode,
            message: "cannot add \(file.shortName.debugDescription) (\(size(file.bytes.count))): "
                + "the files of an answer may have \(limit)\(already); send fewer or smaller ones"
        )
    }
}

/// Tells Python that a file is too large for an answer.
struct FileLimitError: PythonExceptionConvertible, CustomStringConvertible {
    let description: String

    /// A subclass of `ValueError`.
    var pythonExceptionType: String { "amaru._pieces.FileLimitError" }
    var pythonExceptionArguments: [any ConvertibleToPython & Sendable] { [description] }
}
