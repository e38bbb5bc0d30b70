// A file of an answer as a line of text.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

extension Attachment {
    /// A line that stands for the file, and says why it is left out, if it is.
    ///
    /// The name is shown as code, so that nothing in it is read as Markdown.
    func line(_ reason: String = "") -> String {
        let name = plainName
        return "[\(name.isEmpty ? "file" : "`\(name)`"), \(bytes.count) bytes\(reason)]"
    }

    /// The start of the name, on one line and in the order in which it is written.
    private var plainName: String {
        let kept = shortName.unicodeScalars.filter {
            let properties = $0.properties
            return properties.isWhitespace
                || properties.generalCategory != .control && !properties.isBidiControl
        }
        return String(String.UnicodeScalarView(kept)).replacing("`", with: "'")
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
