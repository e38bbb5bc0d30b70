// Releases objects that are dropped on other threads.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

/// The references that were dropped where the GIL is not held.
///
/// Drained at the start of each batch of jobs, and between two steps of Python code that runs
/// longer on the Python thread. After the end of Python they are leaked: there is nothing left that
/// they could be returned to.
enum ReleaseQueue {
    /// Safe to send because a pointer in the queue is only carried, and used on the Python thread.
    private struct Dropped: @unchecked Sendable {
        var pointers: [PyPointer] = []
    }

    private static let queue = Lock(Dropped())
    /// A backlog of this many wakes the Python thread; fewer wait until it does something.
    private static let backlog = 256

    /// Gives up an owned reference, on any thread.
    static func release(_ pointer: PyPointer) {
        if amaru_attached() != 0, amaru_enterable() != 0 {
            amaru_decref(pointer)
            return
        }
        if Interpreter.isPythonThread, amaru_enterable() == 0 { return }
        // A thread that Python code made, inside a Swift function that it called.
        if PyGILState_Check() != 0 {
            amaru_decref(pointer)
            return
        }
        let count = queue.withLock { dropped in
            dropped.pointers.append(pointer)
            return dropped.pointers.count
        }
        if count == 1 { drainAmongPythonCode() }
        if count == backlog { Interpreter.submit(.call { drain() }) }
    }

    /// Lets Python code that runs on the Python thread drain the queue, which may be long before the
    /// next batch: a script with event loops of its own is a single job.
    ///
    /// Without the GIL, on any thread: <https://docs.python.org/3/c-api/init.html#c.Py_AddPendingCall>.
    /// Where the list of pending calls is full, the next batch does it.
    private static func drainAmongPythonCode() {
        _ = Py_AddPendingCall(
            { _ in
                ReleaseQueue.drain()
                return 0
            },
            nil
        )
    }

    /// Releases what has gathered, on the Python thread.
    static func drain() {
        guard (try? Interpreter.requireRunning()) != nil else { return }
        let dropped = queue.withLock { dropped in
            defer { dropped.pointers = [] }
            return dropped
        }
        // A release may run `__del__`, and that drop more objects: they wait for the next drain.
        for pointer in dropped.pointers { amaru_decref(pointer) }
    }
}
