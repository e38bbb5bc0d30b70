// One asynchronous iteration of Python, which Swift pulls element by element.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The Swift end of an iteration; the runtime's class of the same purpose is the other end.
@PythonActor
final class AsyncPull<Element: ConvertibleFromPython & Sendable> {
    private typealias Step = Result<Element?, any Error>

    private let iterable: PythonObject
    /// The Python end, from the first element on.
    private var task: PythonObject?
    private var isFinished = false
    private var count = 0
    private var wait: PendingAwait?
    private var step: Step?

    nonisolated init(_ iterable: PythonObject) {
        self.iterable = iterable
    }

    deinit {
        guard let task else { return }
        Interpreter.submit(
            .call { PythonActor.assumeIsolatedToPython { try? Self.tell(task, "close") } }
        )
    }

    func next() async throws -> Element? {
        guard !isFinished else { return nil }
        guard wait == nil else {
            throw AmaruError(.actorBusy, "An element is awaited already: await one at a time.")
        }
        do {
            try Interpreter.requireRunning()
            try Task.checkCancellation()
            let element = try await request()
            if element == nil { isFinished = true }
            count += 1
            return element
        } catch {
            isFinished = true
            if let task { try? Self.tell(task, "close") }
            throw error
        }
    }

    private func request() async throws -> Element? {
        let wait = PendingAwait()
        self.wait = wait
        defer { self.wait = nil }
        let task = try task ?? begin()
        try Self.tell(task, "request")
        try await withTaskCancellationHandler {
            try await wait.value()
        } onCancel: {
            Interpreter.submit(
                .call { PythonActor.assumeIsolatedToPython { try? Self.tell(task, "cancel") } }
            )
        }
        defer { step = nil }
        guard let step else { preconditionFailure("the wait ends after the step is set") }
        return try step.get()
    }

    private func begin() throws -> PythonObject {
        // Weak: the task holds what delivers, and this holds the task.
        let deliver = try NativeFunction.make("deliver") { [weak self] arguments, _, gil in
            guard let self else { return OwnedReference(borrowed: amaru_none()) }
            // Safe because the closure below runs here and now.
            nonisolated(unsafe) let (kind, value) = (arguments[0], arguments[1])
            PythonActor.assumeIsolatedToPython { self.deliver(kind, value) }
            return OwnedReference(borrowed: amaru_none())
        }
        try EventLoop.home(PythonGIL())
        let task = try ContextPairs.enteringPython {
            PythonObject(try Runtime.call(.iteration, "Pull", [iterable, deliver], PythonGIL()))
        }
        self.task = task
        return task
    }

    /// Takes an element, an exception or the end (all borrowed), by `kind`: true, false, None.
    private func deliver(_ kind: PyPointer, _ value: PyPointer) {
        guard let wait, step == nil else { return }
        if kind == amaru_none() {
            step = .success(nil)
        } else if kind == amaru_false() {
            step = .failure(Self.error(OwnedReference(borrowed: value)))
        } else {
            step = Result {
                try converting(at: "[\(count)]") {
                    try Element.fromPython(BorrowedReference(value), PythonGIL())
                }
            }
        }
        wait.resume(with: .success(()))
    }

    private static func error(_ exception: consuming OwnedReference) -> any Error {
        let error = ErrorTranslation.swiftError(from: exception)
        let isCancelled =
            (error as? PythonException)?.isInstance(of: "asyncio.exceptions.CancelledError")
        return isCancelled == true ? CancellationError() : error
    }

    private static func tell(_ task: PythonObject, _ message: StaticString) throws {
        try Interpreter.requireRunning()
        _ = try Method.call(task.pointer, message)
    }
}
