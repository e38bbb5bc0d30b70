// One parameter of an exported function, without its Swift type.
// SPDX-License-Identifier: Apache-2.0

/// What Python sees of a parameter: its name, how it is passed, its default, its type hint.
@usableFromInline
struct ParameterDescription: Sendable {
    /// The kinds of Python, in the order in which they stand in a signature.
    ///
    /// https://docs.python.org/3/library/inspect.html#inspect.Parameter.kind
    @usableFromInline
    enum Kind: Int, Sendable, Comparable {
        case positionalOnly, positional, arguments, keyword, keywords

        @usableFromInline
        static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }

        /// Whether a value is passed by its place.
        var isPositional: Bool { self <= .positional }
        /// Whether it takes what no other parameter takes.
        var isVariadic: Bool { self == .arguments || self == .keywords }
    }

    let name: String
    let kind: Kind
    /// Makes the object that the signature shows as default; nil without one.
    let makeDefault: (@Sendable (borrowing PythonGIL) throws -> OwnedReference)?
    /// The default as a Python literal; nil without one, or if its value has no literal.
    let literal: String?
    /// The type of a value that the parameter takes.
    let hint: @Sendable () -> String

    @usableFromInline
    init(
        _ name: String,
        _ kind: Kind,
        hint: @escaping @Sendable () -> String,
        literal: String? = nil,
        makeDefault: (@Sendable (borrowing PythonGIL) throws -> OwnedReference)? = nil
    ) {
        (self.name, self.kind, self.hint) = (name, kind, hint)
        (self.literal, self.makeDefault) = (literal, makeDefault)
    }

    /// The default as a stub shows it; nil without one.
    var stubDefault: String? { literal ?? (makeDefault == nil ? nil : "...") }

    var isRequired: Bool { makeDefault == nil && !kind.isVariadic }
}
