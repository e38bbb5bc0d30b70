// The files that a line of a conversation names.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Finds `@path` at the start of a word, and the path of a picture or PDF as a terminal writes it
/// when the file is dropped on it.
///
/// A word names a file only if there is one: `@ada`, and an address, are text.
enum AttachedPaths {
    /// The paths that a line names, each once, in order.
    static func find(in line: String, home: String?) -> [String] {
        var found: [String] = []
        for word in words(of: line) {
            var path: String
            if word.hasPrefix("@") {
                path = String(word.dropFirst())
            } else if isAbsolute(word), MediaType.isPictureOrPDF(word) {
                path = word
            } else {
                continue
            }
            if path.hasPrefix("file://") {
                path = URL(string: path)?.path ?? path
            }
            if path.hasPrefix("~/"), let home { path = home + path.dropFirst() }
            guard !path.isEmpty, let name = file(path), !found.contains(name) else { continue }
            found.append(name)
        }
        return found
    }

    /// What a user may take for attached, and is sent as text; nil if there is nothing like that.
    static func notice(about line: String, home: String?) -> String? {
        let all = words(of: line)
        for word in all {
            if word.hasPrefix("@"), looksLikeFile(word), find(in: word, home: home).isEmpty {
                return "there is no file \(word.dropFirst()): \(word) is sent as text"
            }
        }
        // As a terminal writes it when a file is dropped on it, at either end of what is typed.
        for word in [all.first, all.last].compactMap(\.self)
        where isAbsolute(word) && !MediaType.isPictureOrPDF(word) && !line.contains("\n") {
            // A folder is there with a slash after it too.
            let path = word.hasPrefix("~/") ? (home ?? "~") + word.dropFirst() : word
            guard file(path) != nil, !FileManager.default.fileExists(atPath: path + "/") else {
                continue
            }
            return "\(word) is sent as text: @\(word) attaches the file"
        }
        return nil
    }

    /// Whether what is after an `@` has the form of a file's name, as no name of a person has.
    private static func looksLikeFile(_ word: String) -> Bool {
        word.wholeMatch(of: /@(?:[~.]{0,2}\/\S*|[^()@:\s]*\w\.[A-Za-z0-9]{1,5})/) != nil
    }

    private static func isAbsolute(_ word: String) -> Bool {
        word.hasPrefix("/") || word.hasPrefix("~/") || word.hasPrefix("file:///")
    }

    /// The file that a word means: also without the full stop or comma after it.
    private static func file(_ path: String) -> String? {
        if FileManager.default.fileExists(atPath: path) { return path }
        guard let last = path.last, ".,;:!?)".contains(last), path.count > 1 else { return nil }
        return file(String(path.dropLast()))
    }

    /// The words of a line, as a shell reads them: with quotes, and a backslash before a blank.
    ///
    /// A quote in the middle of a word is text, as in `it's`.
    private static func words(of line: String) -> [String] {
        var (words, word, quote, isEscaped): ([String], String, Character?, Bool) =
            ([], "", nil, false)
        for character in line {
            if isEscaped {
                word += character.isWhitespace || "\\'\"()@&".contains(character) ? "" : "\\"
                word.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word.append(character) }
            } else if character == "\"" || character == "'", word.isEmpty || word == "@" {
                quote = character
            } else if character.isWhitespace {
                words.append(word)
                word = ""
            } else {
                word.append(character)
            }
        }
        return (words + [word]).filter { !$0.isEmpty }
    }
}
