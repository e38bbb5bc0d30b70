// Iteration of Swift classes in Python.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The iteration of a ``PythonClass``: `for x in a`.
///
/// Each `iter(a)` asks for a sequence, whose elements are made one by one as Python wants them,
/// with the GIL held.
///
/// ```swift
/// PythonIteration { $0.names }
/// ```
public struct PythonIteration<Instance: PythonClassInstance>: PythonClassMember {
    /// What the member adds to the class.
    public let definition: PythonClassDefinition

    /// Takes the closure that gives the elements.
    public init<Elements: Sequence>(
        _ elements: @escaping @Sendable (Instance) throws -> Elements
    ) where Elements.Element: ConvertibleToPython {
        definition = PythonClassDefinition { className in
            [
                .nullary("__iter__", in: className) { instance, _, gil in
                    try Instance.lend(instance) {
                        try NativeIterator.make(over: elements($0), gil).take()
                    }
                }
            ]
        }
    }

    /// Takes the closure that gives the next element of an instance that is an iterator itself.
    ///
    /// - Parameter next: Gives nil at the end, and from then on.
    public init<Element: ConvertibleToPython>(
        next: @escaping @Sendable (Instance) throws -> Element?
    ) {
        definition = PythonClassDefinition { className in
            [
                .nullary("__iter__", in: className) { _, object, _ in
                    OwnedReference(borrowed: object).take()
                },
                .nullary("__next__", in: className) { instance, _, gil in
                    guard let element = try Instance.lend(instance, next) else {
                        PyErr_SetNone(amaru_StopIteration())
                        throw PendingPythonError()
                    }
                    return try element.pythonReference(gil).take()
                },
            ]
        }
    }
}

/// The asynchronous iteration of a ``PythonClass``: `async for x in a`.
///
/// Each `aiter(a)` asks for a sequence, which then advances as Python awaits its elements.
///
/// ```swift
/// PythonAsyncIteration { $0.messages }
/// ```
public struct PythonAsyncIteration<Instance: PythonClassInstance>: PythonClassMember {
    /// What the member adds to the class.
    public let definition: PythonClassDefinition

    /// Takes the closure that gives the elements.
    public init<Elements: AsyncSequence & Sendable>(
        _ elements: @escaping @Sendable (Instance) throws -> Elements
    ) where Elements.Element: ConvertibleToPython & Sendable {
        definition = PythonClassDefinition { className in
            [
                .nullary("__aiter__", in: className) { instance, _, gil in
                    try Instance.lend(instance) {
                        try PythonAsyncIterator(elements($0)).pythonReference(gil).take()
                    }
                }
            ]
        }
    }
}

/// A Swift sequence as a Python iterator, whose elements are made as Python wants them.
///
/// ```swift
/// PythonFunction("squares") { () in PythonIterable((0...).lazy.map { $0 * $0 }) }
/// ```
public struct PythonIterable<Elements: Sequence>: ConvertibleToPython
where Elements.Element: ConvertibleToPython {
    private let elements: Elements

    /// Creates an iterable; each conversion starts again if the sequence can.
    public init(_ elements: Elements) {
        self.elements = elements
    }

    /// Makes an iterator.
    ///
    /// - Throws: What the conversion of an element throws.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try NativeIterator.make(over: elements, gil)
    }
}

extension PythonIterable: Sendable where Elements: Sendable {}
