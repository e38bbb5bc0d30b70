// Whether Enter ends a message, or only a line of it.
// SPDX-License-Identifier: Apache-2.0

/// What Enter means at the end of what was typed.
///
/// A backslash at the end, one that no other precedes, goes on in the next line. Three double quotes
/// at the start go on until three more stand at an end.
enum MessageEnd: Equatable {
    /// The message, without the quotes around it.
    case closed(String)
    /// The last character is a backslash, which stands for a newline.
    case continued
    /// The quotes are open.
    case open

    private static let quotes = "\"\"\""

    init(of text: [Character]) {
        if text.starts(with: Self.quotes) {
            let inner = text.dropFirst(3)
            let end = inner.trimmingSuffix(while: \.isWhitespace)
            guard end.suffix(3).elementsEqual(Self.quotes) else {
                self = .open
                return
            }
            var body = end.dropLast(3)
            // The quotes may have lines of their own.
            if body.first == "\n" { body = body.dropFirst() }
            if body.last == "\n" { body = body.dropLast() }
            self = .closed(String(body))
            return
        }
        let slashes = text.reversed().prefix { $0 == "\\" }.count
        self = slashes.isMultiple(of: 2) ? .closed(String(text)) : .continued
    }
}

extension ArraySlice<Character> {
    fileprivate func trimmingSuffix(while isDropped: (Character) -> Bool) -> Self {
        var rest = self
        while let last = rest.last, isDropped(last) { rest = rest.dropLast() }
        return rest
    }
}
