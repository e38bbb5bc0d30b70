// A module made in Swift and importable in Python.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A Python module whose functions are Swift closures.
///
/// ```swift
/// try await Python.register(
///     PythonModule("js_module") {
///         PythonFunction("displayResponse") { (text: String) async in await show(text) }
///     })
/// ```
public struct PythonModule: Sendable {
    /// Something that stands in a module.
    public protocol Member: Sendable {
        /// The name that the member has in the module.
        var name: String { get }
    }

    /// The name under which it is imported.
    public let name: String
    let documentation: String?
    let members: [any Member]

    /// Creates a module of the members that `content` lists.
    public init(
        _ name: String,
        documentation: String? = nil,
        @PythonModuleBuilder content: () -> [any Member]
    ) {
        self.name = name
        self.documentation = documentation
        members = content()
    }
}

extension PythonFunction: PythonModule.Member {}

/// An exception class that a module declares, to be raised by ``PythonExceptionConvertible``.
public struct PythonExceptionClass: PythonModule.Member {
    /// The name of the class.
    public let name: String
    let documentation: String
    let attributes: [String]

    /// Creates a class derived from `Exception`.
    ///
    /// - Parameters:
    ///   - name: Its name in the module.
    ///   - documentation: Its docstring.
    ///   - attributes: Names under which its arguments can be read, in order.
    public init(_ name: String, documentation: String, attributes: [String] = []) {
        self.name = name
        self.documentation = documentation
        self.attributes = attributes
    }
}

/// Lists the members of a ``PythonModule``.
@resultBuilder
public enum PythonModuleBuilder {
    /// Gathers the members of a block.
    public static func buildBlock(_ members: any PythonModule.Member...)
        -> [any PythonModule.Member]
    {
        members
    }
}

extension Python {
    /// Makes a module importable; one of the same name registered before is replaced.
    ///
    /// Code that has imported the earlier one keeps it.
    ///
    /// - Throws: ``AmaruError/Code/moduleExists`` where a module of that name came from elsewhere.
    public static func register(_ module: PythonModule) async throws {
        try await PythonActor.run { try registerNow(module) }
    }

    /// Makes a module importable, on the Python actor.
    @PythonActor
    public static func registerNow(_ module: PythonModule) throws {
        try Interpreter.requireRunning()
        let gil = PythonGIL()
        let modules = PythonObject(OwnedReference(borrowed: PyImport_GetModuleDict()))
        if try Python.contains(modules, module.name) {
            let existing = try modules[module.name]
            guard try existing.hasAttribute("__swift__") else {
                throw AmaruError(
                    .moduleExists,
                    "A module \(module.name) is loaded already: choose another name."
                )
            }
        }
        let made = PythonObject(try OwnedReference(new: PyModule_New(module.name)))
        try made.setAttribute("__doc__", to: module.documentation)
        try made.setAttribute("__swift__", to: true)
        for member in module.members {
            try made.setAttribute(member.name, to: make(member, in: module, gil))
        }
        try modules.setItem(module.name, to: made)
    }

    @PythonActor
    private static func make(
        _ member: any PythonModule.Member,
        in module: PythonModule,
        _ gil: borrowing PythonGIL
    ) throws -> PythonObject {
        switch member {
        case let function as PythonFunction:
            try function.signature.check()
            let name = try module.name.pythonReference(gil)
            return try NativeFunction.make(
                function.name,
                documentation: function.signature.docstring(function.documentation, gil),
                module: name.pointer,
                isExported: true,
                body: function.body
            )
        case let exception as PythonExceptionClass:
            return PythonObject(
                try Runtime.call(
                    "make_exception_class",
                    [module.name, exception.name, exception.documentation, exception.attributes],
                    gil
                )
            )
        case let variable as any ContextVariableMember:
            return PythonObject(try variable.makeVariable(gil))
        case let description as PythonClass:
            return PythonObject(
                try ClassFactory.type(for: description, module: module.name, gil)
            )
        default:
            throw AmaruError(.moduleExists, "\(member.name) is no member that a module can have.")
        }
    }
}
