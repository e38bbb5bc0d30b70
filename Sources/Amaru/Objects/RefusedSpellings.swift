// What one types first and Swift cannot offer: it is refused with the spelling that works.
// SPDX-License-Identifier: Apache-2.0

/// What the accessors call, which never run: code that names an unavailable subscript does not
/// compile.
private func refused() -> Never { preconditionFailure("The subscript is unavailable.") }

extension PythonObject {
    /// Unavailable: assigning can throw, which an assignment in Swift cannot.
    @available(*, unavailable, message: "write `try object.setAttribute(\"name\", to: value)`")
    @_disfavoredOverload
    public subscript<Value: ConvertibleToPython>(dynamicMember name: StaticString) -> Value {
        get { refused() }
        set { refused() }
    }

    /// Unavailable: assigning can throw, which an assignment in Swift cannot.
    @available(*, unavailable, message: "write `try object.setItem(key, to: value)`")
    @_disfavoredOverload
    public subscript<Value: ConvertibleToPython>(key: some ConvertibleToPython) -> Value {
        get { refused() }
        set { refused() }
    }

    /// Unavailable: assigning can throw, which an assignment in Swift cannot.
    @available(*, unavailable, message: "write `try object.setAttribute(\"name\", to: value)`")
    @_disfavoredOverload
    public subscript(dynamicMember name: StaticString) -> PythonValue {
        get { refused() }
        set { refused() }
    }

    /// Unavailable: assigning can throw, which an assignment in Swift cannot.
    @available(*, unavailable, message: "write `try object.setItem(key, to: value)`")
    @_disfavoredOverload
    public subscript(key: some ConvertibleToPython) -> PythonValue {
        get { refused() }
        set { refused() }
    }
}
