// Pieces of the text of a stub.
// SPDX-License-Identifier: Apache-2.0

/// Writes lines of a stub file.
enum StubText {
    /// A heading with an indented body; `...` where the body is empty.
    static func block(_ heading: String, _ documentation: String?, _ body: [String]) -> [String] {
        let documentation = (documentation?.isEmpty == false ? documentation : nil).map(docstring)
        let lines = (documentation ?? []) + body
        guard !lines.isEmpty else { return ["\(heading): ..."] }
        return ["\(heading):"] + lines.map { $0.isEmpty ? "" : "    \($0)" }
    }

    /// A docstring over as many lines as the text has.
    static func docstring(_ text: String) -> [String] {
        var escaped = text.replacing("\\", with: #"\\"#).replacing("\0", with: #"\x00"#)
            .replacing("\r", with: #"\r"#).replacing(#"""""#, with: #"\"\"\""#)
        if escaped.last == "\"" { escaped = escaped.dropLast() + #"\""# }
        var lines = escaped.split(separator: "\n", omittingEmptySubsequences: false).map(
            String.init
        )
        lines[0] = #"""""# + lines[0]
        lines[lines.count - 1] += #"""""#
        return lines
    }

    /// The modules of the dotted names in a stub, outside its docstrings, in order.
    static func modules(in lines: [String]) -> [String] {
        var modules: Set<String> = []
        var isInDocstring = false
        for line in lines {
            let quotes = line.count(of: #"""""#)
            if !isInDocstring, quotes == 0 { modules.formUnion(Self.modules(inCode: line)) }
            if quotes % 2 == 1 { isInDocstring.toggle() }
        }
        return modules.sorted()
    }

    private static func modules(inCode line: String) -> [String] {
        names(in: line).compactMap { name in
            guard let dot = name.lastIndex(of: "."), name.first?.isLetter == true else {
                return nil
            }
            let module = name[..<dot]
            return module.allSatisfy { $0 == "." } ? nil : String(module)
        }
    }

    /// Takes the module's own name off the names of its classes.
    static func removing(module: String, from line: String) -> String {
        var result = ""
        var rest = line[...]
        while let range = rest.firstRange(of: module + ".") {
            let before = rest[..<range.lowerBound].last ?? result.last
            result += rest[..<range.lowerBound]
            if before.map(isPartOfName) == true { result += rest[range] }
            rest = rest[range.upperBound...]
        }
        return result + rest
    }

    /// The names in a line of code, dots included, string literals left out.
    private static func names(in line: String) -> [Substring] {
        var names: [Substring] = []
        for (index, part) in line.split(separator: "'", omittingEmptySubsequences: false)
            .enumerated()
        where index % 2 == 0 {
            names += part.split { !isPartOfName($0) }
        }
        return names
    }

    private static func isPartOfName(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_" || character == "."
    }
}

extension String {
    /// How often a text occurs.
    fileprivate func count(of text: String) -> Int { ranges(of: text).count }
}
