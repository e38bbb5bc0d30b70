// Awaits Swift work in Python: a future that is already under way.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A Swift task whose result a Python future receives.
final class SwiftAwaitable: Sendable {
    /// What the task and the call that started it agree on.
    private enum Stage {
        /// The starting call has not returned yet: a result goes straight into the future.
        case starting
        case running
        case finished
    }

    private struct State {
        var stage = Stage.starting
        var early: Result<any ConvertibleToPython & Sendable, any Error>?
        var task: Task<Void, Never>?
        var isPending = true
    }

    private let state = Lock(State())
    private let future: PythonObject
    private let loop: PythonObject
    private let isHome: Bool

    private init(future: PythonObject, loop: PythonObject, isHome: Bool) {
        self.future = future
        self.loop = loop
        self.isHome = isHome
        Self.count.withLock { $0 += 1 }
    }

    deinit {
        endPending()
    }

    private static let count = Lock(0)

    /// The number of awaitables whose future has not got its result.
    static var pendingCount: Int { count.withLock { $0 } }

    /// Takes the awaitable off the count, once.
    ///
    /// Not in `deinit` alone: what Python still holds of it may be collected much later.
    private func endPending() {
        let wasPending = state.withLock { state in
            defer { state.isPending = false }
            return state.isPending
        }
        if wasPending { Self.count.withLock { $0 -= 1 } }
    }

    /// Starts `body` at once and returns the future of its result (new).
    ///
    /// - Throws: What `body` throws before it suspends is in the future, not thrown.
    static func start(
        _ gil: borrowing PythonGIL,
        _ body: @escaping @Sendable () async throws -> any ConvertibleToPython & Sendable
    ) throws -> OwnedReference {
        let loop = try Runtime.call("current_loop", [], gil)
        let future = PythonObject(try Method.call(loop.pointer, "create_future"))
        let isHome = !EventLoop.isNested(loop.pointer)
        let awaitable = SwiftAwaitable(future: future, loop: PythonObject(loop), isHome: isHome)
        let nested = isHome ? nil : NestedLoop.Origin(awaitable)
        // Runs here until it suspends first; one that never does costs no hop.
        let task = Task.immediate {
            let result: Result<any ConvertibleToPython & Sendable, any Error>
            do {
                result = .success(try await NestedLoop.run(from: nested) { try await body() })
            } catch {
                result = .failure(error)
            }
            awaitable.finish(result)
        }
        try awaitable.didStart(task, gil)
        return future.newReference(gil)
    }

    private func didStart(_ task: Task<Void, Never>, _ gil: borrowing PythonGIL) throws {
        let early = state.withLock { state in
            if case .starting = state.stage { state.stage = .running }
            state.task = task
            return state.early
        }
        if let early {
            try settle(early, gil)
            return
        }
        // Weak: the future keeps its callback, and this keeps the future.
        let callback = try NativeFunction.make("cancel_swift_task") { [weak self] _, _, _ in
            if let self, let task = self.state.withLock({ $0.task }) { task.cancel() }
            return OwnedReference(borrowed: amaru_none())
        }
        _ = try Method.call(
            future.pointer,
            "add_done_callback",
            callback,
            gil
        )
    }

    /// Takes the result, on whichever thread the task ended.
    private func finish(_ result: Result<any ConvertibleToPython & Sendable, any Error>) {
        let mustPost = state.withLock { state in
            switch state.stage {
            case .starting:
                state.early = result
                state.stage = .finished
                return false
            case .running:
                state.stage = .finished
                return true
            case .finished:
                return false
            }
        }
        if mustPost { post(result) }
    }

    /// Gives the future up with an error while the task goes on, cancelled.
    func fail(_ error: any Error) {
        finish(.failure(error))
        state.withLock { $0.task }?.cancel()
    }

    private func post(_ result: Result<any ConvertibleToPython & Sendable, any Error>) {
        if isHome {
            Interpreter.submit(.call { self.settleOnPythonThread(result) })
        } else {
            Courier.send { self.settleOnLoop(result) }
        }
    }

    private func settleOnPythonThread(
        _ result: Result<any ConvertibleToPython & Sendable, any Error>
    ) {
        guard (try? Interpreter.requireRunning()) != nil else { return endPending() }
        try? settle(result, PythonGIL())
    }

    /// Hands the result to the loop of another thread, or to a nested one; with the GIL held.
    private func settleOnLoop(_ result: Result<any ConvertibleToPython & Sendable, any Error>) {
        let gil = PythonGIL()
        let settle = try? NativeFunction.make("settle") { _, _, gil in
            try self.settle(result, gil)
            return OwnedReference(borrowed: amaru_none())
        }
        // A loop that has ended has nobody left who waits.
        let posted = settle.flatMap { try? Runtime.call("post", [loop, $0], gil) }
        guard let posted, posted.pointer == amaru_true() else { return endPending() }
    }

    private func settle(
        _ result: Result<any ConvertibleToPython & Sendable, any Error>,
        _ gil: borrowing PythonGIL
    ) throws {
        defer { endPending() }
        do {
            let value = try result.get().pythonReference(gil)
            _ = try Runtime.call("settle", [future, true, PythonObject(value)], gil)
        } catch {
            ErrorTranslation.raise(error, gil)
            guard let exception = amaru_take_exception() else { return }
            let object = PythonObject(OwnedReference(new: exception))
            _ = try Runtime.call("settle", [future, false, object], gil)
        }
    }
}

/// Calls a method by name without the bound object.
enum Method {
    static func call(_ object: PyPointer, _ name: String) throws -> OwnedReference {
        try call(object, name, nil)
    }

    static func call(
        _ object: PyPointer,
        _ name: String,
        _ argument: PythonObject,
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        try call(object, name, argument.pointer)
    }

    private static func call(_ object: PyPointer, _ name: String, _ argument: PyPointer?) throws
        -> OwnedReference
    {
        let name = try OwnedReference(new: PyUnicode_FromString(name))
        let arguments: [PyPointer?] = [object, argument]
        return try OwnedReference(
            new: arguments.withUnsafeBufferPointer { arguments in
                PyObject_VectorcallMethod(
                    name.pointer,
                    arguments.baseAddress,
                    amaru_vectorcall_count(argument == nil ? 1 : 2),
                    nil
                )
            }
        )
    }
}
