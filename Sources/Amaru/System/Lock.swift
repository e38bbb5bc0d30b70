// A mutual-exclusion lock over pthread's.
// SPDX-License-Identifier: Apache-2.0

// CPython's headers include the C library's, whose types Swift may therefore attribute to them.
internal import CAmaruPython
internal import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A lock that guards one value.
///
/// pthread's and not `Synchronization.Mutex`: ThreadSanitizer does not see the latter's futex and
/// reports false races. Never hold it while calling Python: the call may release the GIL,
/// and a thread that has the GIL may want this lock.
package final class Lock<Value>: @unchecked Sendable {
    // Safe because `value` is touched only between lock and unlock of `mutex`, which has a
    // stable address of its own.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    package init(_ value: sending Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}

/// A flag that threads wait for.
package class ThreadFlag: @unchecked Sendable {
    // Safe because `isSet` is touched only with `mutex` held, as subclasses add no state.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var isSet = false
    /// The same for a waiter that does not have the mutex, and takes it to be sure.
    fileprivate let mayBeSet = Atomic(false)

    package init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        condition = .allocate(capacity: 1)
        condition.initialize(to: pthread_cond_t())
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        condition.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    fileprivate final func set() {
        pthread_mutex_lock(mutex)
        isSet = true
        pthread_mutex_unlock(mutex)
        mayBeSet.store(true, ordering: .releasing)
        // Afterwards, or a thread that wakes at once has to wait for the mutex.
        pthread_cond_broadcast(condition)
    }

    fileprivate final func waitUntilSet(andReset: Bool) {
        pthread_mutex_lock(mutex)
        while !isSet { pthread_cond_wait(condition, mutex) }
        if andReset { isSet = false }
        pthread_mutex_unlock(mutex)
    }

    fileprivate final func waitUntilSet(milliseconds: Int) -> Bool {
        let deadline = amaru_deadline(Int64(milliseconds))
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isSet {
            if amaru_wait_until(condition, mutex, deadline) != 0 { return isSet }
        }
        return true
    }
}

/// A one-shot gate that blocks threads until it is opened.
package final class Gate: ThreadFlag, @unchecked Sendable {
    package func open() { set() }

    /// Waits, at first awake: most gates open soon.
    package func wait() {
        _ = BriefWait.wait { mayBeSet.load(ordering: .acquiring) }
        waitUntilSet(andReset: false)
    }

    /// Waits at most `milliseconds`; returns whether the gate is open.
    package func wait(milliseconds: Int) -> Bool { waitUntilSet(milliseconds: milliseconds) }
}

/// An event that lets one waiting thread go on for each time that it was signalled.
final class AutoResetEvent: ThreadFlag, @unchecked Sendable {
    func signal() { set() }

    func wait() { waitUntilSet(andReset: true) }
}
