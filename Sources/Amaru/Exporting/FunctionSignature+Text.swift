// Writes a signature out: for inspect, for a function of the same shape, for a stub.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension FunctionSignature {
    /// What a signature is written for.
    enum Style {
        /// `__text_signature__`, which `inspect` reads.
        case inspectable
        /// The parameters of a `def` that Python can run.
        case runnable
        /// The parameters of a `def` in a stub, with type hints.
        case stub
    }

    /// The parameters as they stand between parentheses, defaults as literals.
    func text(as style: Style, _ gil: borrowing PythonGIL) throws -> String {
        var defaults: [String?] = []
        for parameter in parameters {
            guard let makeDefault = parameter.makeDefault else {
                defaults.append(nil)
                continue
            }
            if let literal = parameter.literal {
                defaults.append(literal)
                continue
            }
            let value = PythonObject(try makeDefault(gil))
            let literal = try Runtime.call(.signatures, "literal_or_dots", [value], gil)
            defaults.append(try .fromPython(BorrowedReference(literal.pointer), gil))
        }
        return text(as: style, defaults: defaults)
    }

    /// The parameters, each default as `defaults` has it.
    func text(as style: Style, defaults: [String?]) -> String {
        var parts = receiverPart(style).map { [$0] } ?? []
        var last: ParameterDescription.Kind?
        for (index, parameter) in parameters.enumerated() {
            if last == .positionalOnly, parameter.kind != .positionalOnly { parts.append("/") }
            if parameter.kind == .keyword, last != .arguments, last != .keyword {
                parts.append("*")
            }
            parts.append(part(parameter, style, default: defaults[index]))
            last = parameter.kind
        }
        if last == .positionalOnly { parts.append("/") }
        return parts.joined(separator: ", ")
    }

    private func receiverPart(_ style: Style) -> String? {
        switch (receiver, style) {
        case (.none, _): nil
        // What inspect leaves out where the method is bound.
        case (.instance, .inspectable): "$self"
        case (.type, .inspectable): "$type"
        default: receiver.rawValue
        }
    }

    private func part(
        _ parameter: ParameterDescription,
        _ style: Style,
        default value: String?
    ) -> String {
        let stars = [.arguments: "*", .keywords: "**"][parameter.kind] ?? ""
        let hint = style == .stub ? ": \(parameter.hint())" : ""
        let spaced = style == .stub ? " = " : "="
        return stars + parameter.name + hint + (value.map { spaced + $0 } ?? "")
    }

    /// The docstring with the signature in front, from where `inspect` takes it.
    ///
    /// https://docs.python.org/3/library/inspect.html#inspect.signature
    func docstring(_ documentation: String?, _ gil: borrowing PythonGIL) throws -> String {
        // The part after the dot: CPython looks for the name of the builtin.
        let own = name.split(separator: ".").last.map(String.init) ?? name
        return "\(own)(\(try text(as: .inspectable, gil)))\n--\n\n\(documentation ?? "")"
    }
}
