// An AsyncSequence of Swift as an asynchronous iterator of Python.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A Swift `AsyncSequence` that Python iterates over with `async for`.
///
/// ```swift
/// PythonFunction("ticks") { (count: Int) in PythonAsyncIterator(clock.ticks(count)) }
/// ```
///
/// The object that Python gets is its own iterator. The sequence advances only where `__anext__`
/// is awaited; an element that is there already costs no hop. Errors that the sequence throws
/// arrive as those of any Swift function and end the iteration. So does a cancelled `__anext__`,
/// as it ends an async generator. `aclose()`, and dropping the object, cancel the step that is
/// under way and release the Swift iterator, which ends its source. A second `__anext__` before
/// the first has ended raises RuntimeError.
///
/// https://docs.python.org/3/reference/expressions.html#asynchronous-generator-iterator-methods
public struct PythonAsyncIterator<Base: AsyncSequence & Sendable>: ConvertibleToPython, Sendable
where Base.Element: ConvertibleToPython & Sendable {
    private let base: Base

    /// Creates the value; each conversion of it begins an iteration of its own.
    public init(_ base: Base) {
        self.base = base
    }

    /// Makes the asynchronous iterator, on whichever thread holds the GIL.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let steps = AsyncSteps(base)
        let advance = try NativeFunction.make("advance") { arguments, _, gil in
            let end = arguments.first.map { PythonObject(OwnedReference(borrowed: $0)) }
            return try SwiftAwaitable.start(gil) {
                try await steps.next().map(Step.element) ?? .end(end)
            }
        }
        let stop = try NativeFunction.make("stop") { _, _, _ in
            steps.stop()
            return OwnedReference(borrowed: amaru_none())
        }
        return try Runtime.call(.iteration, "AsyncIterator", [advance, stop], gil)
    }
}

/// What one step of an iteration gives to Python.
private enum Step<Element: ConvertibleToPython & Sendable>: ConvertibleToPython, Sendable {
    case element(Element)
    /// With the object that stands for it.
    case end(PythonObject?)

    func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        switch self {
        case .element(let element): try element.pythonReference(gil)
        case .end(let mark): mark?.newReference(gil) ?? PythonNone().pythonReference(gil)
        }
    }
}
