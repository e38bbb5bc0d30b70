// The description of a Swift class for Python.
// SPDX-License-Identifier: Apache-2.0

/// A Swift class as a Python class: its name, docstring and members.
///
/// A member of a ``PythonModule``. The class is made when the first module with it is registered,
/// and stays as long as the process; its Python type cannot be changed from Python, but be
/// subclassed. See ``PythonClassInstance`` for an example.
public struct PythonClass: PythonModule.Member {
    /// The name of the class in Python.
    public let name: String
    let documentation: String?
    let instanceType: any PythonClassInstance.Type
    let base: (any PythonClassInstance.Type)?
    /// Says whether the strong reference at an address is the only one.
    let isHeldOnce: UniquenessTest
    /// Given the class's name, for messages.
    let parts: @Sendable (String) -> [ClassPart]

    /// Describes a class.
    ///
    /// - Parameters:
    ///   - type: The Swift class.
    ///   - name: Its name in Python; that of the Swift class where nil.
    ///   - base: A Swift superclass that is exported too, and becomes the base in Python.
    ///   - documentation: The docstring.
    ///   - members: What the class has in Python.
    public init<Instance: PythonClassInstance>(
        _ type: Instance.Type,
        _ name: String? = nil,
        base: (any PythonClassInstance.Type)? = nil,
        documentation: String? = nil,
        @PythonClassBuilder<Instance> members: () -> [PythonClassDefinition]
    ) {
        self.name = name ?? "\(type)"
        self.documentation = documentation
        self.base = base
        instanceType = type
        isHeldOnce = { place in
            // Safe because a retained address is how Swift stores a strong reference.
            place.withMemoryRebound(to: Instance.self, capacity: 1) {
                isKnownUniquelyReferenced(&$0.pointee)
            }
        }
        let members = members()
        parts = { name in members.flatMap { $0.parts(name) } }
    }
}

/// Something that stands in the description of a class.
public protocol PythonClassMember: Sendable {
    /// The Swift class that it is a member of.
    associatedtype Instance: PythonClassInstance
    /// What it adds to the Python class.
    var definition: PythonClassDefinition { get }
}

/// What one member adds to a Python class.
public struct PythonClassDefinition: Sendable {
    let parts: @Sendable (_ className: String) -> [ClassPart]

    init(_ parts: @escaping @Sendable (_ className: String) -> [ClassPart]) {
        self.parts = parts
    }
}

/// Lists the members of a ``PythonClass``.
///
/// For the compiler: a program writes its name as an attribute only.
@resultBuilder
public enum PythonClassBuilder<Instance: PythonClassInstance> {
    /// Takes one member.
    public static func buildExpression<Member: PythonClassMember>(_ member: Member)
        -> [PythonClassDefinition] where Member.Instance == Instance
    {
        [member.definition]
    }

    /// Takes members that were listed elsewhere.
    public static func buildExpression(_ members: [PythonClassDefinition])
        -> [PythonClassDefinition]
    {
        members
    }

    /// Gathers the members of a block.
    public static func buildBlock(_ members: [PythonClassDefinition]...)
        -> [PythonClassDefinition]
    {
        members.flatMap { $0 }
    }

    /// Takes the members of an `if` without `else`.
    public static func buildOptional(_ members: [PythonClassDefinition]?)
        -> [PythonClassDefinition]
    {
        members ?? []
    }

    /// Takes the members of an `if`.
    public static func buildEither(first members: [PythonClassDefinition])
        -> [PythonClassDefinition]
    {
        members
    }

    /// Takes the members of an `else`.
    public static func buildEither(second members: [PythonClassDefinition])
        -> [PythonClassDefinition]
    {
        members
    }

    /// Takes the members of a loop.
    public static func buildArray(_ members: [[PythonClassDefinition]])
        -> [PythonClassDefinition]
    {
        members.flatMap { $0 }
    }
}
