// Where the script's own words begin on the command line of `amaru run`.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

extension RunCommand {
    /// Puts `--` before the script's own words where something else than that begins them.
    ///
    /// As under `python`, -c CODE and -m MODULE end the options. A script whose first line starts
    /// amaru is called with its own arguments after it, by the system.
    static func separated(_ words: [String]) -> [String] {
        for (index, word) in words.enumerated() {
            if word == "--" { return words }
            let end = index + (word == "-c" || word == "-m" ? 2 : 1)
            let isSource = end > index + 1 || !word.hasPrefix("-") || word == "-"
            guard isSource, isWhole(words[..<index]) else { continue }
            let hasOwnWords = end > index + 1 || startsAmaru(word)
            guard hasOwnWords, end < words.count else { return words }
            if words[end] == "--", end == index + 1 { return words }
            return words[..<end] + ["--"] + words[end...]
        }
        return words
    }

    /// The command of a path with words after it and with no option, unless `--venv` comes first.
    ///
    /// The parser needs as long to find these values as a short script runs.
    ///
    /// - Returns: nil for anything else, and for what is refused: the parser says why.
    static func plain(_ words: [String]) -> Self? {
        var command = Self()
        command.options = .unset
        var words = words[...]
        if words.count > 2, words.first == "--venv" {
            command.options.venv = words[1]
            words = words.dropFirst(2)
        }
        // Also the value of the option: the parser takes none that looks like another option.
        guard let path = words.first, !words.contains(where: { $0.hasPrefix("-") }),
            command.options.venv?.hasPrefix("-") != true
        else { return nil }
        (command.path, command.arguments) = (path, Array(words.dropFirst()))
        (command.code, command.module, command.origin) = (nil, nil, nil)
        command.store = .unset
        command.screen = .unset
        return (try? command.validate()) == nil ? nil : command
    }

    /// Whether words are options with all their values, so that the next one is something else.
    private static func isWhole(_ words: ArraySlice<String>) -> Bool {
        words.isEmpty || (try? parse(words + ["-"]))?.path == "-"
    }

    /// Whether a file's first line has the system run it by `amaru run`.
    private static func startsAmaru(_ path: String) -> Bool {
        guard let start = ScriptSource.start(ofFile: path), start.starts(with: "#!".utf8)
        else { return false }
        let line = String(decoding: start.prefix { $0 != 0x0A }, as: UTF8.self)
        let words = line.dropFirst(2).split { $0.isWhitespace }
        return zip(words, words.dropFirst()).contains { program, command in
            program.split(separator: "/").last == "amaru" && command == "run"
        }
    }
}
