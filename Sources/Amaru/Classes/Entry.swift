// The doors through which Python enters the members of Swift classes.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

/// What the trampolines of the C module call for methods, and CPython for properties.
///
/// What they belong to lives as long as its class, which is forever.
enum Entry {
    final class Method: Sendable {
        let body: BoundMethodBody
        let signature: FunctionSignature

        init(_ part: MethodPart) {
            body = part.body
            signature = part.signature
        }
    }

    final class SpecialMethod: Sendable {
        let body: MethodBody

        init(_ body: @escaping MethodBody) { self.body = body }
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

    /// What C looks at for a method, whose closure a call that fits enters at once.
    static func callable(_ method: Method) -> amaru_callable {
        var callable = callable(method, apart: Entry.method)
        callable.enterDirectly(amaru_closure(method: method.body), method.signature)
        return callable
    }

    /// What C looks at for a method whose calls are all taken apart in Swift.
    static func callable(_ owner: AnyObject, apart: amaru_apart) -> amaru_callable {
        var callable = amaru_callable()
        callable.direct_count = -1
        callable.apart = apart
        callable.owner = Unmanaged.passRetained(owner).toOpaque()
        return callable
    }

    /// What C looks at for a property; it is never freed.
    static func property(_ part: PropertyPart) -> UnsafeMutablePointer<amaru_property> {
        let owner = Property(part)
        let property = UnsafeMutablePointer<amaru_property>.allocate(capacity: 1)
        property.initialize(
            to: amaru_property(
                getter: amaru_closure(getter: owner.getter),
                owner: Unmanaged.passRetained(owner).toOpaque(),
                apart: getter
            )
        )
        return property
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

    // MARK: Entries

    /// A call with keywords, defaults or the wrong arguments; each, while there are context pairs.
    private static let method: amaru_apart = { object, arguments, count, keywords, owner in
        entering(object) { _, instance in
            let method: Method = owned(owner)
            let gil = PythonGIL()
            return try method.signature.bind(NativeArguments(c: arguments, count), keywords, gil) {
                method.body(instance, $0, gil)
            }
        }
    }

    static let specialMethod: amaru_apart = { object, arguments, count, keywords, owner in
        entering(object) { object, instance in
            let method: SpecialMethod = owned(owner)
            let arguments = NativeArguments(c: arguments, count)
            return try method.body(instance, object, arguments, keywords, PythonGIL())
        }
    }

    /// For methods that need no instance.
    static let bareMethod: amaru_apart = { object, arguments, count, keywords, owner in
        guard let object, !isRefused else { return nil }
        return raising {
            let method: BareMethod = owned(owner)
            let arguments = NativeArguments(c: arguments, count)
            return try method.body(object, arguments, keywords, PythonGIL())
        }
    }

    private static let getter: getter = { object, property in
        entering(object) { _, instance in
            Entry.property(property).getter(instance, PythonGIL())
        }
    }

    static let setter: setter = { object, value, property in
        let result = entering(object) { object, instance in
            let property = Entry.property(property)
            guard let value else {
                throw PendingPythonError(
                    amaru_AttributeError(),
                    "property '\(property.name)' has no deleter"
                )
            }
            try property.setter?(instance, value, PythonGIL())
            return object  // borrowed, and only compared with nil
        }
        return result == nil ? -1 : 0
    }

    // MARK: Parts

    private static func owned<Owner: AnyObject>(_ owner: UnsafeMutableRawPointer?) -> Owner {
        guard let owner else { preconditionFailure("every member of a class has an owner") }
        return Unmanaged<Owner>.fromOpaque(owner).takeUnretainedValue()
    }

    private static func property(_ property: UnsafeMutableRawPointer?) -> Property {
        owned(property?.assumingMemoryBound(to: amaru_property.self).pointee.owner)
    }

    /// Calls `body` with the object and the instance in it (both borrowed), and with the task-locals
    /// that are bound to context variables.
    @inline(__always)
    private static func entering(
        _ object: PyPointer?,
        _ body: (PyPointer, UnsafeMutableRawPointer) throws -> PyPointer?
    ) -> PyPointer? {
        guard let object, !isRefused else { return nil }
        return raising {
            guard let instance = amaru_as_instance(object).pointee.instance else {
                throw InstanceIdentity.notInitialised(object)
            }
            return try body(object, instance)
        }
    }

    @inline(__always)
    private static func raising(_ body: () throws -> PyPointer?) -> PyPointer? {
        do {
            return try ContextPairs.enteringSwift(body)
        } catch {
            ErrorTranslation.raise(error, PythonGIL())
            return nil
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
