// Exception classes as values: to declare, to derive from, to match.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// An exception class: one that exists in Python, or one that a Swift module declares.
///
/// The built-in ones are static members, and ``named(_:)`` gives any other. A declared one is a
/// member of a ``PythonModule``; keep it in a constant to match it or to derive from it:
///
/// ```swift
/// let transferError = PythonExceptionClass(
///     "TransferError",
///     bases: [.connectionError],
///     attributes: ["host", "reason"],
///     text: "{host} cannot be reached: {reason}",
///     arrivesAs: { (host: String, reason: String) in TransferFailed(host, reason) }
/// )
/// try await Python.register(PythonModule("net") { transferError })
/// ```
///
/// What Python code raises as `net.TransferError("a", "b")` arrives in Swift as
/// `TransferFailed("a", "b")`; a Swift error becomes one by ``PythonExceptionConvertible``.
public struct PythonExceptionClass: PythonModule.Member {
    /// What `arrivesAs` of a declaration takes.
    typealias Arrival = ExceptionArrival

    /// The name of the class: within its module if it is declared here, else in full.
    public let name: String
    let bases: [PythonExceptionClass]
    let documentation: String?
    let attributes: [String]
    let text: String?
    let arrival: Arrival?
    /// Where it was declared; nil for a class that exists anyway.
    private let declaration: Declaration?

    /// Creates a class that a module will declare.
    ///
    /// - Parameters:
    ///   - name: Its name in the module.
    ///   - bases: What it derives from. One that is declared too stands before it in its module.
    ///   - documentation: Its docstring.
    ///   - attributes: Names for its arguments, in order, including those of its bases.
    ///   - text: What `str()` gives, with attributes in braces as in `str.format`.
    public init(
        _ name: String,
        bases: [PythonExceptionClass] = [],
        documentation: String? = nil,
        attributes: [String] = [],
        text: String? = nil
    ) {
        self.name = name
        self.bases = bases
        self.documentation = documentation
        self.attributes = attributes
        self.text = text
        arrival = nil
        declaration = Declaration()
    }

    /// Creates a class whose exceptions arrive in Swift as errors of a Swift type.
    ///
    /// - Parameters:
    ///   - name: Its name in the module.
    ///   - bases: What it derives from. One that is declared too stands before it in its module.
    ///   - documentation: Its docstring.
    ///   - attributes: Names for its arguments, in order, including those of its bases.
    ///   - text: What `str()` gives, with attributes in braces as in `str.format`.
    ///   - makeError: Makes the Swift error of the arguments, where the GIL is held. An exception
    ///     with other arguments arrives as ``PythonException``.
    public init<each Argument: ConvertibleFromPython>(
        _ name: String,
        bases: [PythonExceptionClass] = [],
        documentation: String? = nil,
        attributes: [String] = [],
        text: String? = nil,
        arrivesAs makeError: @escaping @Sendable (repeat each Argument) -> any Error
    ) {
        self.name = name
        self.bases = bases
        self.documentation = documentation
        self.attributes = attributes
        self.text = text
        arrival = Arrival { tuple, gil in
            var cursor = Arrival.Arguments(tuple)
            let arguments = (repeat try cursor.next((each Argument).self, gil))
            try cursor.finish()
            return makeError(repeat each arguments)
        }
        declaration = Declaration()
    }

    private init(existing name: String) {
        self.name = name
        bases = []
        documentation = nil
        attributes = []
        text = nil
        arrival = nil
        declaration = nil
    }

    /// A class that Python code defines, as `module.Class`; one of `builtins` needs no module.
    public static func named(_ name: String) -> PythonExceptionClass {
        PythonExceptionClass(existing: name)
    }

    /// What it puts into the module.
    public var definition: PythonModuleDefinition {
        PythonModuleDefinition(stub: { stub }) { module in try declare(in: module, PythonGIL()) }
    }

    private var stub: [String] {
        let properties = attributes.flatMap { name in
            ["@property", "def \(name)(self) -> typing.Any: ..."]
        }
        // A class of another module would have to be imported, which a stub does not need.
        let names = bases.filter { !$0.name.contains(".") }.map(\.name)
        let list = names.isEmpty ? "Exception" : names.joined(separator: ", ")
        return StubText.block("class \(name)(\(list))", documentation, properties)
    }

    /// The full names that exceptions of the class have; none before its declaration.
    var qualifiedNames: [String] {
        declaration?.state.withLock { $0.names } ?? [name]
    }

    /// The class itself; one that is declared has to be registered.
    func classReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        guard let declaration else { return try Runtime.call(.errors, "find_class", [name], gil) }
        guard let found = declaration.state.withLock({ $0.object }) else {
            throw AmaruError(
                .notRunning,
                "The exception class \(name) is in no registered module yet: list it in one, "
                    + "before the classes that derive from it."
            )
        }
        return found.newReference(gil)
    }

    /// Makes the class as a member of a module.
    func declare(in module: String, _ gil: borrowing PythonGIL) throws -> PythonObject {
        guard let declaration else {
            throw PythonConversionError(
                .value,
                "\(name) exists already: a module cannot declare it"
            )
        }
        let bases = try bases.map { PythonObject(try $0.classReference(gil)) }
        let arrival = try arrival.map { PythonObject(try $0.capsule()) }
        let made = PythonObject(
            try Runtime.call(
                .errors,
                "make_exception_class",
                [module, name, documentation, bases, attributes, text, arrival],
                gil
            )
        )
        // The former of a module that is registered again goes when the lock is left.
        let former = declaration.state.withLock { state in
            defer { state.object = made }
            let name = "\(module).\(self.name)"
            if !state.names.contains(name) { state.names.append(name) }
            return state.object
        }
        _ = former
        return made
    }

    private final class Declaration: Sendable {
        struct State {
            var names: [String] = []
            var object: PythonObject?
        }

        let state = Lock(State())
    }
}
