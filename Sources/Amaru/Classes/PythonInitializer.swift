// How Python code makes instances of a Swift class.
// SPDX-License-Identifier: Apache-2.0

public import CAmaruPython

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
    @inlinable
    public init<each Argument: ConvertibleFromPython>(
        _ body: @escaping @Sendable (repeat each Argument) throws -> Instance
    ) {
        self.init(
            FunctionSignature(unnamed: "", repeat (each Argument).self, result: Instance.self)
        ) { signature in
            { arguments, keywords, gil in
                try NewInstance(
                    signature.make(arguments, keywords, gil) { bound in
                        var cursor = BoundCursor(bound)
                        return try body(repeat cursor.next((each Argument).self, gil))
                    }
                )
            }
        }
    }

    /// Takes described parameters and the closure that makes an instance of them.
    @inlinable
    public init<First: ConvertibleFromPython, each Other: ConvertibleFromPython>(
        _ first: PythonParameter<First>,
        _ others: repeat PythonParameter<each Other>,
        body: @escaping @Sendable (First, repeat each Other) throws -> Instance
    ) {
        let others = (repeat each others)
        self.init(
            FunctionSignature("", first, repeat each others, result: Instance.self)
        ) { signature in
            { arguments, keywords, gil in
                try NewInstance(
                    signature.make(arguments, keywords, gil) { bound in
                        var cursor = BoundCursor(bound)
                        return try body(
                            cursor.next(first, gil),
                            repeat cursor.next(each others, gil)
                        )
                    }
                )
            }
        }
    }

    @usableFromInline
    init(
        _ signature: FunctionSignature,
        _ body: @escaping @Sendable (FunctionSignature) -> InitializerBody
    ) {
        definition = PythonClassDefinition { className in
            let signature = signature.renamed(className)
            return [.initializer(signature, body(signature))]
        }
    }
}

extension FunctionSignature {
    /// Returns the same signature under the name of a class, for its initialiser.
    func renamed(_ name: String) -> FunctionSignature {
        FunctionSignature(name, parameters, isNamed: isNamed, result: result)
    }

    /// Calls `body` with a value for each parameter, as `bind`, and gives a Swift object.
    @inlinable
    @inline(__always)
    func make<Instance: AnyObject>(
        _ arguments: NativeArguments,
        _ keywords: PyPointer?,
        _ gil: borrowing PythonGIL,
        _ body: (BoundArguments) throws -> Instance
    ) throws -> Instance {
        if arguments.count == directCount, keywords == nil {
            let slots = UnsafeRawPointer(arguments.baseAddress)?
                .assumingMemoryBound(to: PyPointer?.self)
            return try body(BoundArguments(slots, self))
        }
        return try makeApart(arguments, keywords, gil, body)
    }

    @inlinable
    @inline(never)
    func makeApart<Instance: AnyObject>(
        _ arguments: NativeArguments,
        _ keywords: PyPointer?,
        _ gil: borrowing PythonGIL,
        _ body: (BoundArguments) throws -> Instance
    ) throws -> Instance {
        var made: Instance?
        _ = try bindApart(arguments, keywords, gil) { bound in
            made = try body(bound)
            return OwnedReference(borrowed: amaru_none())
        }
        // Safe because the body has run where nothing was thrown.
        return made.unsafelyUnwrapped
    }
}
