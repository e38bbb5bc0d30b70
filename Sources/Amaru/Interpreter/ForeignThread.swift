// Threads that are not Python's own: how they let go of the GIL, and how one attaches.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// Threads other than the Python thread.
enum ForeignThread {
    /// Runs `body` without the GIL, if the thread holds it.
    static func withoutGIL<Value>(_ body: () throws -> Value) rethrows -> Value {
        guard Py_IsInitialized() != 0, PyGILState_Check() != 0 else { return try body() }
        let state = PyEval_SaveThread()
        defer { PyEval_RestoreThread(state) }
        return try body()
    }
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
