// How Python code makes instances of a Swift class.
// SPDX-License-Identifier: Apache-2.0

/// The initialiser of a ``PythonClass``.
///
/// It is the class's `__init__`: a subclass in Python that defines its own calls
/// `super().__init__` with what the closure takes. A class without initialiser cannot be made in
/// Python, and raises a TypeError there. The closure runs with the GIL held, on whichever thread
/// calls the class. Parameters are described as those of a ``PythonFunction``.
///
/// ```swift
/// PythonInitializer(.positional("start", default: 0)) { (start: Int) in Counter(start) }
/// ```
public struct PythonInitializer<Instance: PythonClassInstance>: PythonClassMember {
    /// What the member adds to the class.
    public let definition: PythonClassDefinition

    /// Takes the closure that makes an instance of positional arguments.
    public init<each Argument: ConvertibleFromPython>(
        fileID: StaticString = #fileID,
        line: UInt = #line,
        _ body: @escaping @Sendable (repeat each Argument) throws -> Instance
    ) {
        let signature = FunctionSignature(
            unnamed: "__init__",
            repeat (each Argument).self,
            result: Instance.self
        )
        self.init(signature, fileID, line) { (bound, gil) in
            var cursor = BoundCursor(bound)
            return NewInstance(try body(repeat cursor.next((each Argument).self, gil)))
        }
    }

    /// Takes described parameters and the closure that makes an instance of them.
    public init<First: ConvertibleFromPython, each Other: ConvertibleFromPython>(
        _ first: PythonParameter<First>,
        _ others: repeat PythonParameter<each Other>,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (First, repeat each Other) throws -> Instance
    ) {
        let others = (repeat each others)
        let signature = FunctionSignature(
            "__init__",
            first,
            repeat each others,
            result: Instance.self
        )
        self.init(signature, fileID, line) { (bound, gil) in
            var cursor = BoundCursor(bound)
            let value = try cursor.next(first, gil)
            return NewInstance(try body(value, repeat cursor.next(each others, gil)))
        }
    }

    @usableFromInline
    init(
        _ signature: FunctionSignature,
        _ fileID: StaticString,
        _ line: UInt,
        _ body: @escaping InitializerBody
    ) {
        let frame = SwiftFrame(signature.name, file: fileID, line: line)
        definition = PythonClassDefinition { className in
            [.initializer(signature.renamed(className).located(at: frame), body)]
        }
    }
}
