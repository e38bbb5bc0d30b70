// An asynchronous iteration of Python as an AsyncSequence.
// SPDX-License-Identifier: Apache-2.0

/// What `async for` iterates over, as a Swift `AsyncSequence`.
///
/// ```swift
/// for try await word in stream.asyncSequence(of: String.self) { print(word) }
/// ```
///
/// From any isolation. Each `makeAsyncIterator()` calls `__aiter__` once more. The iteration runs in
/// one task of the event loop, so what the generator enters stays entered between its elements
/// (`asyncio.timeout`, a task group, a context variable), and it advances only when an element is
/// asked for. Leaving the loop early drops the iterator, and `aclose()` then runs in that task; so
/// it does where the Swift task is cancelled, which raises `CancelledError` inside the generator.
///
/// https://docs.python.org/3/reference/datamodel.html#asynchronous-iterators
public struct PythonAsyncSequence<Element: ConvertibleFromPython & Sendable>: AsyncSequence,
    Sendable
{
    /// The object that is iterated over.
    public let object: PythonObject

    /// Creates the sequence; what is not an asynchronous iterable throws at the first element.
    public init(_ object: PythonObject, of element: Element.Type = Element.self) {
        self.object = object
    }

    /// Begins an iteration, which enters Python at its first element.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(AsyncPull(object)) }

    /// One iteration; dropping it closes the generator.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let pull: AsyncPull<Element>

        init(_ pull: AsyncPull<Element>) {
            self.pull = pull
        }

        /// Advances to the next element; nil after the last one.
        ///
        /// - Throws: What the iteration raises, as ``PythonException``; ``PythonConversionError``
        ///   where an element does not convert, which also closes the generator;
        ///   `CancellationError` where the calling task is cancelled.
        public mutating func next() async throws -> Element? { try await pull.next() }

        /// Advances to the next element, from the isolation of the caller.
        ///
        /// - Throws: ``PythonException``; ``PythonConversionError`` if an element does not convert;
        ///   `CancellationError`.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws -> Element? {
            try await pull.next()
        }
    }
}

@available(*, unavailable)
extension PythonAsyncSequence.AsyncIterator: Sendable {}

extension PythonObject {
    /// The elements of an asynchronous iterable, such as an async generator, converted.
    ///
    /// It may be called, and iterated over, from any isolation.
    public nonisolated func asyncSequence<Element: ConvertibleFromPython & Sendable>(
        of element: Element.Type = Element.self
    ) -> PythonAsyncSequence<Element> {
        PythonAsyncSequence(self)
    }
}
