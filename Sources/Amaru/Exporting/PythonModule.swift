// A module made in Swift and importable in Python.
// SPDX-License-Identifier: Apache-2.0

/// A Python module whose members are made in Swift.
///
/// ```swift
/// let module = PythonModule("screen", documentation: "The screen of the host.") {
///     PythonConstant("width", 80)
///     PythonFunction("show", .positional("text")) { (text: String) async in await show(text) }
///     if canBeep {
///         PythonFunction("beep") { () in beep() }
///     }
/// }
/// try await Python.register(module)
/// ```
///
/// ``stub`` is the same description for type checkers.
public struct PythonModule: Sendable {
    /// Something that stands in a module.
    ///
    /// A type of your own stands for several members, or for one under another name, by giving
    /// their definitions.
    public protocol Member: Sendable {
        /// The name that the member has in the module.
        var name: String { get }
        /// What it puts into the module.
        var definition: PythonModuleDefinition { get }
    }

    /// The name under which it is imported.
    public let name: String
    let documentation: String?
    let members: [any Member]

    /// Creates a module of the members that `content` lists.
    ///
    /// - Parameters:
    ///   - name: The name under which it is imported.
    ///   - documentation: Its docstring.
    ///   - content: Its members, in the order of the stub.
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

/// What a member puts into a module: an object, and lines of the module's stub.
public struct PythonModuleDefinition: Sendable {
    /// Makes the object, given the name of the module.
    let make: @PythonActor @Sendable (_ module: String) throws -> PythonObject
    let stub: @Sendable () -> [String]

    init(
        stub: @escaping @Sendable () -> [String],
        make: @escaping @PythonActor @Sendable (_ module: String) throws -> PythonObject
    ) {
        self.stub = stub
        self.make = make
    }
}
