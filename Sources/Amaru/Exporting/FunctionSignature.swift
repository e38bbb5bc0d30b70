// The parameters of an exported function, and how a call from Python is bound to them.
// SPDX-License-Identifier: Apache-2.0

/// What Python sees of a function or method: names, kinds, defaults, type hints.
///
/// Shared by everything that is callable from Python.
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
    /// What tracebacks show of the function; nil for a special method.
    let frame: SwiftFrame?
    /// The number of positional arguments that are the values as they stand; -1 if none is.
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
        frame: SwiftFrame? = nil,
        result: @escaping @Sendable () -> String
    ) {
        self.name = name
        self.parameters = parameters
        self.isNamed = isNamed
        self.receiver = receiver
        self.isAsynchronous = isAsynchronous
        self.frame = frame
        self.result = result
        directCount = parameters.allSatisfy(\.kind.isPositional) ? parameters.count : -1
    }

    /// Returns the same signature under another name, as that of a method of `type`.
    func asMethod(of type: String, _ receiver: Receiver) -> FunctionSignature {
        copy(name: "\(type).\(name)", receiver: receiver)
    }

    /// Returns the same signature, of a function that stands at `frame`.
    func located(at frame: SwiftFrame) -> FunctionSignature { copy(frame: frame) }

    /// Returns the same signature under the name of a class, for its initialiser.
    func renamed(_ name: String) -> FunctionSignature { copy(name: name) }

    private func copy(
        name: String? = nil,
        receiver: Receiver? = nil,
        frame: SwiftFrame? = nil
    ) -> FunctionSignature {
        FunctionSignature(
            name ?? self.name,
            parameters,
            isNamed: isNamed,
            receiver: receiver ?? self.receiver,
            isAsynchronous: isAsynchronous,
            frame: frame ?? self.frame,
            result: result
        )
    }

    /// Raises an error that the function threw, and returns nil.
    @usableFromInline
    @inline(never)
    func raise(_ error: consuming any Error) -> PyPointer? {
        ErrorTranslation.raise(error, PythonGIL(), in: frame)
        return nil
    }

    /// Raises an error that the function threw, and returns what says so.
    @inline(never)
    func raised(_ error: consuming any Error) -> PendingPythonError {
        ErrorTranslation.raise(error, PythonGIL(), in: frame)
        return PendingPythonError()
    }

    /// Calls `body` with a value for each parameter.
    ///
    /// - Throws: What Python raises for a call that does not fit; what `body` throws.
    @inline(__always)
    func bind<Result: ~Copyable>(
        _ arguments: NativeArguments,
        _ keywords: PyPointer?,
        _ gil: borrowing PythonGIL,
        _ body: (BoundArguments) throws -> Result
    ) throws -> Result {
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
