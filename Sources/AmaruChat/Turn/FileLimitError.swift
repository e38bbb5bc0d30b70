// The refusal of a file that is too large for an answer.
// SPDX-License-Identifier: Apache-2.0

import Amaru

/// Says that the files of an answer would be too large: they are kept with it, in memory.
struct FileLimitError: PythonExceptionConvertible, CustomStringConvertible {
    /// The most that the files of an answer have in all, in bytes, with their names.
    static let limit = 16 << 20

    let description: String

    init(_ file: Attachment) {
        let size = Double(file.bytes.count * 10 / (1 << 20)) / 10
        description =
            "the files of an answer have \(Self.limit >> 20) MiB at most in all: "
            + "\(file.name.prefix(80).debugDescription), of \(size) MiB, is too large"
    }

    var pythonExceptionType: String { "builtins.ValueError" }
    var pythonExceptionArguments: [any ConvertibleToPython & Sendable] { [description] }
}
