// Brings the signals that Python code handles to the Python thread.
// SPDX-License-Identifier: Apache-2.0

// CPython's headers include the C library's, whose types Swift may therefore attribute to them.
internal import CAmaruPython

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A handler in front of CPython's own.
///
/// The system gives a signal of the process to any of its threads. CPython's handler sets a flag
/// there, and nothing more: a Python thread that waits in a system call, or for a lock, would not
/// look at it until that is over. Under `python` it is the only thread, and is woken.
enum SignalForwarding {
    private static let bound: Int32 = 128

    /// CPython's handlers, by signal.
    ///
    /// Safe because a place is written before the handler that reads it is installed. Memory of its
    /// own, since a handler may interrupt Swift's bookkeeping of a variable.
    private nonisolated(unsafe) static let handlers = {
        let memory = UnsafeMutablePointer<SignalHandler?>.allocate(capacity: Int(bound))
        memory.initialize(repeating: nil, count: Int(bound))
        return memory
    }()

    /// The Python thread.
    ///
    /// Safe because it is written before any handler is installed, and in a forked child, by its
    /// only thread.
    private nonisolated(unsafe) static let home = {
        let memory = UnsafeMutablePointer<pthread_t>.allocate(capacity: 1)
        memory.initialize(to: pthread_self())
        return memory
    }()

    /// The end of a pipe that wakes the Python thread; -1 for none.
    ///
    /// Safe because it is written before any handler is installed, and in a forked child, by its
    /// only thread.
    private nonisolated(unsafe) static let wakeUp = {
        let memory = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
        memory.initialize(to: -1)
        return memory
    }()

    /// Makes the calling thread the one that signals are brought to.
    ///
    /// - Parameter writeEnd: The end of the pipe that the thread waits for, else -1.
    static func adoptThread(wakingBy writeEnd: Int32) {
        home.pointee = pthread_self()
        wakeUp.pointee = writeEnd
    }

    /// Wakes the Python thread: a signal that comes just before it begins to wait would not.
    static func wakeHome() {
        if wakeUp.pointee >= 0 { WakeUp.signal(wakeUp.pointee) }
    }

    /// What SIGINT did before Python code had a handler of its own for it.
    ///
    /// Safe because only the Python thread sets signals, with the GIL held.
    private nonisolated(unsafe) static var interruptsOfProgram: SignalAction?

    /// Gives SIGINT back to the program: Python code has set the bridge's own handler again, as
    /// libraries do to find out whether they may set one.
    ///
    /// - Parameter former: What SIGINT did before CPython was told so.
    static func giveBackInterrupts(former: SignalAction) {
        (interruptsOfProgram ?? former).install(for: SIGINT)
        interruptsOfProgram = nil
    }

    /// Sends the process a SIGINT that CPython has taken and the bridge did not send.
    ///
    /// It came while CPython's own handler was installed for a moment, or Python code has called
    /// `_thread.interrupt_main()`. A program without a handler gets nothing: the signal would end it.
    static func sendBack() {
        if SignalAction(current: SIGINT).address > 1 { kill(getpid(), SIGINT) }
    }

    /// Puts the forwarding in front of the handler that CPython has just installed for a signal.
    ///
    /// - Parameters:
    ///   - signal: The signal.
    ///   - former: What SIGINT did before.
    static func adopt(_ signal: Int32, former: SignalAction) {
        guard signal > 0, signal < bound else { return }
        if signal == SIGINT, interruptsOfProgram == nil { interruptsOfProgram = former }
        guard signal != SIGURG else { return Interrupts.prepareSignals() }
        var action = SignalAction(current: signal)
        guard let handler = action.handler, action.address != SignalAction(forward).address else {
            return
        }
        handlers[Int(signal)] = handler
        // The flags and the mask stay CPython's.
        action.handler = forward
        action.install(for: signal)
    }

    /// The handler, which does what signal-safety(7) allows and nothing else.
    private static let forward: SignalHandler = { signal in
        if pthread_equal(home.pointee, pthread_self()) != 0 {
            handlers[Int(signal)]?(signal)
            wakeHome()
        } else {
            pthread_kill(home.pointee, signal)
        }
    }
}
