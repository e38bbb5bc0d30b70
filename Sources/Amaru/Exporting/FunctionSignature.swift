// The parameters of an exported function, and how a call from Python is bound to them.
// SPDX-License-Identifier: Apache-2.0

/// What Python sees of a function or method: names, kinds, defaults, type hints.
///
/// Shared by everything that is callable from Python. A closure takes a call apart like this:
///
/// ```swift
/// { [signature] (arguments, keywords, gil) in
///     try signature.bind(arguments, keywords, gil) { bound in
///         try body(bound.read(0, first, gil), bound.read(1, second, gil)).pythonReference(gil)
///     }
/// }
/// ```
@usableFromInline
final class FunctionSignature: Sendable {
    /// What stands before the parameters: nothing, or the object that a method is called on.
    enum Receiver: String, Sendable {
        case none = ""
        case instance = "self"
        case type = "cls"
    }

    /// The name in error messages, such as `add` or `Counter.add`.
    let name: String
    let parameters: [ParameterDescription]
    let receiver: Receiver
    /// Whether the parameters were described; without, they are positional and have no names.
    let isNamed: Bool
    /// The hint of the result, as it is before it is wrapped in a future.
    let result: @Sendable () -> String
    /// Whether a call gives a future of the result.
    let isAsynchronous: Bool
    /// The number of positional arguments that are the values as they stand; -1 where none is.
    @usableFromInline
    let directCount: Int
    /// The names as a tuple, made when a call first needs them.
    ///
    /// Safe because it is touched by holders of the GIL only.
    nonisolated(unsafe) var names: PythonObject?

    init(
        _ name: String,
        _ parameters: [ParameterDescription],
        isNamed: Bool = true,
        receiver: Receiver = .none,
        isAsynchronous: Bool = false,
        result: @escaping @Sendable () -> String
    ) {
        self.name = name
        self.parameters = parameters
        self.isNamed = isNamed
        self.receiver = receiver
        self.isAsynchronous = isAsynchronous
        self.result = result
        directCount = parameters.allSatisfy(\.kind.isPositional) ? parameters.count : -1
    }

    /// Returns the same signature under another name, as that of a method of `type`.
    func asMethod(of type: String, _ receiver: Receiver) -> FunctionSignature {
        FunctionSignature(
            "\(type).\(name)",
            parameters,
            isNamed: isNamed,
            receiver: receiver,
            isAsynchronous: isAsynchronous,
            result: result
        )
    }

    /// Calls `body` with a value for each parameter.
    ///
    /// - Throws: What Python raises for a call that does not fit; what `body` throws.
    @inlinable
    @inline(__always)
    func bind(
        _ arguments: NativeArguments,
        _ keywords: PyPointer?,
        _ gil: borrowing PythonGIL,
        _ body: (BoundArguments) throws -> OwnedReference
    ) throws -> OwnedReference {
        if arguments.count == directCount, keywords == nil {
            return try body(BoundArguments(arguments, self))
        }
        return try bindApart(arguments, keywords, gil, body)
    }

    /// Says which argument did not convert.
    @usableFromInline
    @inline(never)
    func failure(_ error: any Error, at index: Int) -> any Error {
        guard let error = error as? PythonConversionError else { return error }
        guard isNamed else { return error.at("\(name)() argument \(index + 1)") }
        let parameter = parameters[index]
        let prefix = [.arguments: "*", .keywords: "**"][parameter.kind] ?? ""
        return error.at("\(name)() argument '\(prefix)\(parameter.name)'")
    }
}
