// A parameter of an exported function, with the Swift type that its closure takes.
// SPDX-License-Identifier: Apache-2.0

/// A named parameter of a ``PythonFunction``.
///
/// The parameters stand in the order of the closure's, and take their types from them:
///
/// ```swift
/// PythonFunction("fetch", .positional("url"), .keyword("timeout", default: 30.0)) {
///     (url: String, timeout: Double) async throws in try await load(url, within: timeout)
/// }
/// ```
///
/// Python then sees `fetch(url, *, timeout=30.0)`, and what it raises for a wrong call is what it
/// raises for a function of its own of that signature.
public struct PythonParameter<Value: ConvertibleFromPython>: Sendable {
    let description: ParameterDescription
    /// Gives the value of a parameter that is not passed.
    @usableFromInline
    let makeValue: (@Sendable () -> Value)?

    private init(_ name: String, _ kind: ParameterDescription.Kind, hint: String? = nil) {
        description = ParameterDescription(name, kind) { hint ?? TypeHint.parameter(Value.self) }
        makeValue = nil
    }

    private init(_ name: String, _ kind: ParameterDescription.Kind, default value: Value)
    where Value: ConvertibleToPython & Sendable {
        description = ParameterDescription(
            name,
            kind,
            hint: { TypeHint.parameter(Value.self) },
            literal: PythonLiteral.text(of: value),
            makeDefault: { gil in try value.pythonReference(gil) }
        )
        makeValue = { value }
    }

    /// A parameter that is passed by its place or by its name.
    public static func positional(_ name: String) -> PythonParameter {
        PythonParameter(name, .positional)
    }

    /// A parameter that is passed by its place or by its name, or left out.
    public static func positional(_ name: String, default value: Value) -> PythonParameter
    where Value: ConvertibleToPython & Sendable {
        PythonParameter(name, .positional, default: value)
    }

    /// A parameter that is passed by its place only: one of those before `/`.
    public static func positionalOnly(_ name: String) -> PythonParameter {
        PythonParameter(name, .positionalOnly)
    }

    /// A parameter that is passed by its place only, or left out.
    public static func positionalOnly(_ name: String, default value: Value) -> PythonParameter
    where Value: ConvertibleToPython & Sendable {
        PythonParameter(name, .positionalOnly, default: value)
    }

    /// A parameter that is passed by its name only: one of those after `*`.
    public static func keyword(_ name: String) -> PythonParameter {
        PythonParameter(name, .keyword)
    }

    /// A parameter that is passed by its name only, or left out.
    public static func keyword(_ name: String, default value: Value) -> PythonParameter
    where Value: ConvertibleToPython & Sendable {
        PythonParameter(name, .keyword, default: value)
    }

    /// The positional arguments that no other parameter takes: `*name`.
    public static func arguments<Element: ConvertibleFromPython>(_ name: String) -> PythonParameter
    where Value == [Element] {
        PythonParameter(name, .arguments, hint: TypeHint.parameter(Element.self))
    }

    /// The keyword arguments that no other parameter takes: `**name`.
    public static func keywords<Element: ConvertibleFromPython>(_ name: String) -> PythonParameter
    where Value == [String: Element] {
        PythonParameter(name, .keywords, hint: TypeHint.parameter(Element.self))
    }

    /// The keyword arguments that no other parameter takes, in the order of the call: `**name`.
    public static func keywords<Element: ConvertibleFromPython>(_ name: String) -> PythonParameter
    where Value == PythonKeywords<Element> {
        PythonParameter(name, .keywords, hint: TypeHint.parameter(Element.self))
    }
}
