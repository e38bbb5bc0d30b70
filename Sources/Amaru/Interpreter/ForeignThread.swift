// Threads that are not Python's own: how they let go of the GIL, and how one attaches.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
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
        guard holdsGIL else { return try body() }
        let wasAttached = amaru_attached()
        amaru_set_attached(0)
        let state = PyEval_SaveThread()
        defer {
            PyEval_RestoreThread(state)
            amaru_set_attached(wasAttached)
        }
        return try body()
    }

    /// Whether this thread holds the GIL.
    static var holdsGIL: Bool { Py_IsInitialized() != 0 && PyGILState_Check() != 0 }

    /// Runs `body` as code of the Python actor, on a thread that holds the GIL.
    ///
    /// What the actor protects is as safe as on the Python thread: that one has let go of the GIL in
    /// a call into Python, which may come back into Swift there too.
    static func isolated<Value>(_ body: () throws -> Value) rethrows -> Value {
        let wasAttached = amaru_attached()
        amaru_set_attached(1)
        amaru_set_isolated(1)
        defer {
            amaru_set_isolated(0)
            amaru_set_attached(wasAttached)
        }
        return try body()
    }

    /// The state with which this thread may take the GIL; nil where it holds the GIL already.
    ///
    /// It is kept until the thread ends: one that is made each time costs ten times as much,
    /// and crashes extension modules that keep it.
    static func idleState() throws -> UnsafeMutablePointer<PyThreadState>? {
        // Such as a thread that Python code made, inside a Swift function that it called.
        if PyGILState_Check() != 0 { return nil }
        if let state = amaru_thread_state() { return state }
        guard let state = PyThreadState_New(PyInterpreterState_Main()) else {
            throw AmaruError.limit("The state of one more Python thread could not be made", ENOMEM)
        }
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
            // Whatever else the thread does at its end finds no state that is gone.
            amaru_keep_thread_state(nil)
            PyEval_RestoreThread(state)
            PyThreadState_Clear(state)
            PyThreadState_DeleteCurrent()
        }
        return key
    }()
}

/// A thread with a thread state of its own that brings results to loops of other threads.
///
/// The threads of Swift's pool must not wait for the GIL, and a new thread state for each
/// visit crashes extension modules that keep theirs: so there is this one, which never ends.
enum GILWorker {
    private struct Queue {
        var work: [@Sendable () -> Void] = []
        var isSpawned = false
    }

    private static let queue = Lock(Queue())
    private static let event = AutoResetEvent()

    /// Runs `job` with the GIL held, soon.
    static func send(_ job: @escaping @Sendable () -> Void) {
        let mustSpawn = queue.withLock { queue in
            queue.work.append(job)
            defer { queue.isSpawned = true }
            return !queue.isSpawned
        }
        if mustSpawn {
            let status = NativeThread.spawn(name: "gil-worker", stackSize: 1 << 20) { serve() }
            // The next call tries again.
            if status != 0 { queue.withLock { $0.isSpawned = false } }
        }
        event.signal()
    }

    /// Never returns.
    private static func serve() {
        let state = PyThreadState_New(PyInterpreterState_Main())
        while true {
            event.wait()
            let work = queue.withLock { queue in
                defer { queue.work = [] }
                return queue.work
            }
            guard !work.isEmpty else { continue }
            PyEval_RestoreThread(state)
            for job in work { job() }
            PyEval_SaveThread()
        }
    }
}
