// The C doors through which Python enters the members of Swift classes.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The functions that CPython calls for methods and properties, and the boxes of their closures.
///
/// A box lives as long as its class, which is for ever.
enum Entry {
    final class Method: Sendable {
        let body: MethodBody

        init(_ body: @escaping MethodBody) { self.body = body }

        /// With the task-locals that are bound to context variables.
        @inline(never)
        func callInContext(
            _ instance: UnsafeMutableRawPointer,
            _ object: PyPointer,
            _ arguments: NativeArguments,
            _ keywords: PyPointer?
        ) throws -> PyPointer {
            try ContextPairs.enteringSwift {
                try body(instance, object, arguments, keywords, PythonGIL())
            }
        }
    }

    final class BareMethod: Sendable {
        let body: BareBody

        init(_ body: @escaping BareBody) { self.body = body }
    }

    final class Property: Sendable {
        let name: String
        let getter: GetterBody
        let setter: SetterBody?

        init(_ part: PropertyPart) {
            name = part.name
            getter = part.getter
            setter = part.setter
        }
    }

    /// Says whether Swift must not be entered; an exception is raised then.
    static var isRefused: Bool {
        guard Interpreter.isForkedChild else { return false }
        PyErr_SetString(
            amaru_RuntimeError(),
            "this process was made by os.fork: Swift code does not run in it; "
                + "use the 'spawn' start method"
        )
        return true
    }

    /// The instance in `object`, else nil and an exception.
    @inline(__always)
    private static func instance(in object: PyPointer) -> UnsafeMutableRawPointer? {
        guard !Interpreter.isForkedChild,
            let instance = amaru_as_instance(object).pointee.instance
        else { return refused(object) }
        return instance
    }

    @inline(never)
    private static func refused(_ object: PyPointer) -> UnsafeMutableRawPointer? {
        if !isRefused {
            ErrorTranslation.raise(InstanceIdentity.notInitialised(object), PythonGIL())
        }
        return nil
    }

    static let method: amaru_method_entry = { context, object, arguments, count, keywords in
        guard let context, let object, let instance = instance(in: object) else { return nil }
        let start = UnsafeRawPointer(arguments)?.assumingMemoryBound(to: PyPointer.self)
        let arguments = NativeArguments(start: start, count: count)
        return Unmanaged<Method>.fromOpaque(context)._withUnsafeGuaranteedRef { method in
            do {
                guard amaru_entry_flags() == 0 else {
                    return try method.callInContext(instance, object, arguments, keywords)
                }
                return try method.body(instance, object, arguments, keywords, PythonGIL())
            } catch {
                ErrorTranslation.raise(error, PythonGIL())
                return nil
            }
        }
    }

    /// For methods that need no instance.
    static let bareMethod: amaru_method_entry = { context, object, arguments, count, keywords in
        guard let context, let object, !isRefused else { return nil }
        let gil = PythonGIL()
        let start = UnsafeRawPointer(arguments)?.assumingMemoryBound(to: PyPointer.self)
        do {
            let method = Unmanaged<BareMethod>.fromOpaque(context).takeUnretainedValue()
            return try ContextPairs.enteringSwift {
                try method.body(
                    object,
                    NativeArguments(start: start, count: count),
                    keywords,
                    PythonGIL()
                )
            }
        } catch {
            ErrorTranslation.raise(error, gil)
            return nil
        }
    }

    static let getter: getter = { object, context in
        guard let context, let object, let instance = instance(in: object) else { return nil }
        let gil = PythonGIL()
        do {
            return try Unmanaged<Property>.fromOpaque(context)._withUnsafeGuaranteedRef {
                try $0.getter(instance, gil)
            }
        } catch {
            ErrorTranslation.raise(error, gil)
            return nil
        }
    }

    static let setter: setter = { object, value, context in
        guard let context, let object, let instance = instance(in: object) else { return -1 }
        let gil = PythonGIL()
        do {
            try Unmanaged<Property>.fromOpaque(context)._withUnsafeGuaranteedRef { property in
                guard let value else {
                    throw PendingPythonError(
                        amaru_AttributeError(),
                        "property '\(property.name)' has no deleter"
                    )
                }
                try property.setter?(instance, value, gil)
            }
            return 0
        } catch {
            ErrorTranslation.raise(error, gil)
            return -1
        }
    }
}

extension PendingPythonError {
    /// Raises an exception of Python's own.
    ///
    /// For errors that leave Swift at once: in front of Swift code they would pass for nothing.
    init(_ type: PyPointer, _ message: String) {
        PyErr_SetString(type, message)
    }
}
