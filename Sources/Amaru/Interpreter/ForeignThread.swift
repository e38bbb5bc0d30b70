// Threads that are not Python's own: how they let go of the GIL, and how one attaches.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Threads other than the Python thread.
enum ForeignThread {
    /// Runs `body` without the GIL, if the thread holds it.
    static func withoutGIL<Value>(_ body: () throws -> Value) rethrows -> Value {
        guard Py_IsInitialized() != 0, PyGILState_Check() != 0 else { return try body() }
        let wasAttached = amaru_attached()
        amaru_set_attached(0)
        let state = PyEval_SaveThread()
        defer {
            PyEval_RestoreThread(state)
            amaru_set_attached(wasAttached)
        }
        return try body()
    }

    /// Runs `body` with the GIL on a thread that does not hold it, with a thread state of its own.
    ///
    /// The state is kept until the thread ends: one that is made anew each time costs ten times as
    /// much, and crashes extension modules that keep it.
    static func attached<Value: ~Copyable>(
        _ body: (borrowing PythonGIL) throws -> Value
    ) throws -> Value {
        // A thread that Python code made, inside a Swift function that it called.
        if PyGILState_Check() != 0 { return try body(PythonGIL()) }
        PyEval_RestoreThread(threadState())
        amaru_set_attached(1)
        defer {
            amaru_set_attached(0)
            PyEval_SaveThread()
        }
        // Python may have ended while this thread waited.
        guard amaru_enterable() != 0 else { throw Interpreter.notRunning() }
        return try body(PythonGIL())
    }

    private static func threadState() -> UnsafeMutablePointer<PyThreadState>? {
        if let state = amaru_thread_state() { return state }
        let state = PyThreadState_New(PyInterpreterState_Main())
        amaru_keep_thread_state(state)
        pthread_setspecific(key, state)
        return state
    }

    /// The key whose destructor gives a thread's state back when the thread ends.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key) { state in
            guard amaru_enterable() != 0 else { return }
            #if canImport(Darwin)
                let pointer = state
            #else
                guard let pointer = state else { return }
            #endif
            let state = pointer.assumingMemoryBound(to: PyThreadState.self)
            PyEval_RestoreThread(state)
            PyThreadState_Clear(state)
            PyThreadState_DeleteCurrent()
        }
        return key
    }()
}

/// A thread with a thread state of its own that brings results to loops of other threads.
///
/// The threads of Swift's pool must not wait for the GIL, and a thread state made anew for each
/// visit crashes extension modules that keep theirs: so there is this one, for ever.
enum Courier {
    private struct Queue {
        var errands: [@Sendable () -> Void] = []
        var isSpawned = false
    }

    private static let queue = Lock(Queue())
    private static let wakeUp = WakeUp()

    /// Runs `errand` with the GIL held, soon.
    static func send(_ errand: @escaping @Sendable () -> Void) {
        let mustSpawn = queue.withLock { queue in
            queue.errands.append(errand)
            defer { queue.isSpawned = true }
            return !queue.isSpawned
        }
        if mustSpawn { _ = NativeThread.spawn(name: "courier", stackSize: 1 << 20) { serve() } }
        wakeUp.signal()
    }

    /// Never returns.
    private static func serve() {
        let state = PyThreadState_New(PyInterpreterState_Main())
        while true {
            wakeUp.wait()
            wakeUp.clear()
            let errands = queue.withLock { queue in
                defer { queue.errands = [] }
                return queue.errands
            }
            guard !errands.isEmpty else { continue }
            PyEval_RestoreThread(state)
            for errand in errands { errand() }
            PyEval_SaveThread()
        }
    }
}
