// A Python future that Swift code completes by hand, from any thread.
// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// The Swift end of an `asyncio.Future`: what is awaited in Python, and completed here.
///
/// For results that come by callbacks, where a task that waits for each of them would cost more
/// than the work: an exported function returns the promise at once, Python awaits it, and whoever
/// has the result completes it. The first result counts, later ones are ignored.
///
/// ```swift
/// PythonFunction("next_sample") { [sensor] () -> PythonPromise<Double> in
///     let promise = PythonPromise<Double>()
///     sensor.onNextSample { promise.succeed($0) }
///     return promise
/// }
/// ```
///
/// A promise that goes away without a result fails its future with
/// ``AmaruError/Code/brokenPromise``, so that nobody waits forever.
public final class PythonPromise<Value: ConvertibleToPython & Sendable>: Sendable {
    private let awaitable: SwiftAwaitable
    private let onCancel: @Sendable () -> Void
    private let isGiven = Atomic(false)

    /// Makes a promise that is not completed.
    ///
    /// - Parameters:
    ///   - file: The file that tracebacks of a failure name.
    ///   - line: The line that they name.
    ///   - function: The function that they name.
    ///   - onCancel: Called on the loop's thread when Python cancels the future before it has a
    ///     result; a result that comes after that is ignored.
    public init(
        file: StaticString = #fileID,
        line: UInt = #line,
        function: StaticString = #function,
        onCancel: @escaping @Sendable () -> Void = {}
    ) {
        awaitable = SwiftAwaitable(frame: SwiftFrame(function.description, file: file, line: line))
        self.onCancel = onCancel
    }

    deinit {
        let message = "a promise to Python was dropped without a result; keep it, and complete it"
        awaitable.finish(.failure(AmaruError(.brokenPromise, message)))
    }

    /// Gives the future its result; may be called on any thread.
    public func succeed(_ value: Value) {
        awaitable.finish(.success(value))
    }

    /// Lets the future fail; may be called on any thread.
    public func fail(_ error: any Error) {
        awaitable.finish(.failure(error))
    }
}

extension PythonPromise: ConvertibleToPython {
    /// Makes the future, of the running loop, else of the home loop; a promise has one future.
    ///
    /// - Throws: ``AmaruError`` where there is one already.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        guard !isGiven.exchange(true, ordering: .relaxed) else {
            let message = "a promise was given to Python twice; make one for each future"
            throw AmaruError(.brokenPromise, message)
        }
        // Weak: the awaitable keeps what it calls.
        return try awaitable.future(gil) { [weak awaitable, onCancel] in
            if awaitable?.abandon() == true { onCancel() }
        }
    }
}

extension PythonPromise: PythonTypeHinted {
    /// `asyncio.Future` of what the value becomes.
    public static var pythonTypeHint: String { "asyncio.Future[\(TypeHint.result(Value.self))]" }
}
