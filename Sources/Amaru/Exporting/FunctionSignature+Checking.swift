// Refuses signatures that no Python function could have.
// SPDX-License-Identifier: Apache-2.0

extension FunctionSignature {
    /// Says what is wrong with the names or the order of the parameters, as the first thing found.
    ///
    /// - Throws: ``AmaruError/Code/invalidSignature``.
    func check(isNameless: Bool = false) throws {
        if !isNameless {
            try check(identifier: name.split(separator: ".").last.map(String.init) ?? name)
        }
        var seen: Set<String> = receiver == .none ? [] : [receiver.rawValue]
        var last: ParameterDescription?
        var firstDefault: ParameterDescription?
        for parameter in parameters {
            try check(identifier: parameter.name)
            guard seen.insert(parameter.name).inserted else {
                throw refused("has two parameters named '\(parameter.name)'; rename one")
            }
            if let last { try check(parameter, after: last) }
            if parameter.kind.isPositional {
                if parameter.isRequired, let firstDefault {
                    throw refused(
                        "requires '\(parameter.name)' after '\(firstDefault.name)', which has a "
                            + "default; give it a default too, or make it a keyword"
                    )
                }
                if !parameter.isRequired { firstDefault = firstDefault ?? parameter }
            }
            last = parameter
        }
    }

    private func check(
        _ parameter: ParameterDescription,
        after last: ParameterDescription
    ) throws {
        guard last.kind < parameter.kind || (last.kind == parameter.kind && !last.kind.isVariadic)
        else {
            throw refused(
                "has '\(parameter.name)' after '\(last.name)'; the order is positional-only, "
                    + "positional, arguments, keyword, keywords, with one variadic of each kind"
            )
        }
    }

    private func check(identifier: String) throws {
        let starts = identifier.unicodeScalars.first.map {
            $0 == "_" || $0.properties.isXIDStart
        }
        let goesOn = identifier.unicodeScalars.dropFirst().allSatisfy(\.properties.isXIDContinue)
        guard starts == true, goesOn, !Self.reserved.contains(identifier) else {
            throw refused("has the name '\(identifier)', which Python cannot use; choose another")
        }
    }

    /// What the initialisers throw that exist for the compiler to refuse.
    static func unconvertible(_ name: String) -> AmaruError {
        AmaruError(.invalidSignature, "The result of \(name) does not convert to Python.")
    }

    private func refused(_ reason: String) -> AmaruError {
        AmaruError(.invalidSignature, "The function \(name)() \(reason).")
    }

    // https://docs.python.org/3/reference/lexical_analysis.html#keywords
    private static let reserved: Set<String> = [
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class",
        "continue", "def", "del", "elif", "else", "except", "finally", "for", "from", "global",
        "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return",
        "try", "while", "with", "yield",
    ]
}
