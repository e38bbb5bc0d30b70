// Context managers made of Swift classes.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The context manager of a ``PythonClass``: `with a as x`.
///
/// `exit` gets the error that left the block, the same Swift value where Swift threw it, and says
/// whether that error ends there. The closures run with the GIL held.
///
/// ```swift
/// PythonContext { $0.open() } exit: { file, error in
///     file.close()
///     return false
/// }
/// ```
public struct PythonContext<Instance: PythonClassInstance>: PythonClassMember {
    /// What the member adds to the class.
    public let definition: PythonClassDefinition

    /// Takes a manager whose block gets the value of `enter`.
    public init<Value: ConvertibleToPython>(
        enter: @escaping @Sendable (Instance) throws -> Value,
        exit: @escaping @Sendable (Instance, (any Error)?) throws -> Bool
    ) {
        definition = PythonClassDefinition { className in
            [
                .nullary("__enter__", in: className) { instance, _, gil in
                    try Instance.lend(instance) { try enter($0).pythonReference(gil).take() }
                },
                Self.leaving(className, exit),
            ]
        }
    }

    /// Takes a manager whose block gets the instance itself.
    public init(
        enter: @escaping @Sendable (Instance) throws -> Void = { _ in },
        exit: @escaping @Sendable (Instance, (any Error)?) throws -> Bool
    ) {
        definition = PythonClassDefinition { className in
            [
                .nullary("__enter__", in: className) { instance, object, _ in
                    try Instance.lend(instance, enter)
                    return OwnedReference(borrowed: object).take()
                },
                Self.leaving(className, exit),
            ]
        }
    }

    /// Refuses a closure whose result does not convert, which would pass for one without a result.
    ///
    /// - Throws: ``AmaruError/Code/invalidSignature``.
    @UnconvertibleResult
    @available(
        *,
        deprecated,
        message: "This result does not convert to Python: return a PythonTuple, or write '_ ='."
    )
    @available(
        *,
        noasync,
        message: "This result does not convert to Python: return a PythonTuple, or write '_ ='."
    )
    public init<Value>(
        enter: @escaping @Sendable (Instance) throws -> Value,
        exit: @escaping @Sendable (Instance, (any Error)?) throws -> Bool
    ) throws {
        throw FunctionSignature.unconvertible("__enter__")
    }

    private static func leaving(
        _ className: String,
        _ exit: @escaping @Sendable (Instance, (any Error)?) throws -> Bool
    ) -> ClassPart {
        .special("__exit__", in: className, 3) { instance, arguments, gil in
            let error = ContextError.error(in: arguments)
            return try Instance.lend(instance) {
                try exit($0, error).pythonReference(gil).take()
            }
        }
    }
}

/// The asynchronous context manager of a ``PythonClass``: `async with a as x`.
///
/// As ``PythonContext``, with closures that may suspend.
public struct PythonAsyncContext<Instance: PythonClassInstance>: PythonClassMember {
    /// What the member adds to the class.
    public let definition: PythonClassDefinition

    /// Takes a manager whose block gets the value of `enter`.
    public init<Value: ConvertibleToPython & Sendable>(
        enter: @escaping @concurrent @Sendable (Instance) async throws -> Value,
        exit: @escaping @concurrent @Sendable (Instance, (any Error)?) async throws -> Bool
    ) {
        definition = PythonClassDefinition { className in
            [
                .nullary("__aenter__", in: className) { instance, _, gil in
                    let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                    return try SwiftAwaitable.start(gil) { try await enter(instance) }.take()
                },
                .special("__aexit__", in: className, 3) { instance, arguments, gil in
                    let error = ContextError.error(in: arguments)
                    let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                    return try SwiftAwaitable.start(gil) { try await exit(instance, error) }.take()
                },
            ]
        }
    }
}

private enum ContextError {
    /// The error in the arguments of `__exit__`: class, exception, traceback.
    static func error(in arguments: NativeArguments) -> (any Error)? {
        arguments[1] == amaru_none()
            ? nil : ErrorTranslation.swiftError(from: OwnedReference(borrowed: arguments[1]))
    }
}
