// Interrupts that reach the call they are meant for and no other.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The identity of one synchronous stretch of Python code.
struct CallID: Sendable, Hashable {
    private let number: UInt64
    private static let last = Lock<UInt64>(0)

    static func next() -> CallID {
        let number = last.withLock { last in
            last += 1
            return last
        }
        return CallID(number: number)
    }
}

/// Delivers KeyboardInterrupt to one call.
///
/// CPython knows one interrupt flag for the whole process, and looks at it at the next chance:
/// without more, an interrupt that comes a moment too late strikes whatever runs next. So each
/// carries the identity of its call, and the signal handler drops it where that call is over.
enum Interrupts {
    private enum Target: Equatable {
        case call(CallID)
        /// Whatever step of a task the event loop is in.
        case step
    }

    /// Asks, on Python's thread and in the context of the code that an interrupt would strike,
    /// whether it is for that.
    typealias Condition = @Sendable () -> Bool

    /// What an interrupt that was just noticed is for.
    private enum Claim {
        case nothing
        case call
        case step
    }

    private struct State {
        var active: [CallID] = []
        var pending: Target?
        /// Asks whether the code that ``pending`` would strike is what is meant.
        var isMeant: Condition?
        /// How many times ``shielding(_:)`` is running.
        var shields = 0

        /// Says whether the same target was aimed at before and has not noticed.
        mutating func aim(at target: Target, if isMeant: Condition? = nil) -> Bool {
            defer { (pending, self.isMeant) = (target, isMeant) }
            return pending == target
        }
    }

    private static let state = Lock(State())

    /// Runs `body` as the call `id`.
    ///
    /// On another thread than Python's it only runs `body`: interrupts do not reach it there, and
    /// the calls of two threads do not end in the order of one stack.
    static func within<Value>(_ id: CallID, _ body: () throws -> Value) rethrows -> Value {
        guard Interpreter.isPythonThread else { return try body() }
        state.withLock { $0.active.append(id) }
        defer {
            state.withLock { state in
                state.active.removeLast()
                if state.pending == .call(id) { state.pending = nil }
            }
        }
        return try body()
    }

    /// The innermost call that is running.
    static var current: CallID? { state.withLock { $0.active.last } }

    static func isActive(_ id: CallID) -> Bool { state.withLock { $0.active.contains(id) } }

    /// Interrupts a call if it is running; from any thread.
    static func interrupt(_ id: CallID) {
        let isRepeated: Bool? = state.withLock { state in
            guard state.active.contains(id) else { return nil }
            return state.aim(at: .call(id))
        }
        if let isRepeated { notify(isRepeated: isRepeated) }
    }

    /// Interrupts the innermost call that is running, else the step that the event loop is in.
    static func interruptCurrent(if isMeant: Condition? = nil) {
        guard Interpreter.isRunning else { return }
        let isRepeated = state.withLock { state in
            state.aim(at: state.active.last.map(Target.call) ?? .step, if: isMeant)
        }
        notify(isRepeated: isRepeated)
    }

    /// Makes the Python thread look at the interrupt, also out of a system call.
    ///
    /// The flag is set by the handler of a signal sent to that thread: on POSIX systems
    /// `PyErr_SetInterrupt` stops running bytecode only when Python's main thread calls it.
    ///
    /// - Parameter isRepeated: Whether the interrupt before was not noticed: Python code ignores
    ///   SIGINT, or has a handler of its own for it. Then another signal stands for it, whose
    ///   handler is the bridge's; and if Python code has one for that too, a pending call.
    private static func notify(isRepeated: Bool) {
        if isRepeated {
            request.pointee = Request.escalation.rawValue
            _ = Py_AddPendingCall({ _ in Interrupts.strike() }, nil)
            // Up to 3.11 a pending call that another thread adds is not noticed by a loop that calls
            // nothing; that another thread wants the GIL is.
            GILWorker.send {}
        } else {
            request.pointee = Request.interrupt.rawValue
        }
        Interpreter.signalThread(SIGURG)
        remind()
    }

    /// Ends the system calls that the Python thread has begun without seeing the interrupt.
    ///
    /// CPython looks at its flag and then makes a system call such as that of `time.sleep`; a signal
    /// that comes between the two ends neither. Later ones set no flag, and only end system calls,
    /// which Python code does not see: https://peps.python.org/pep-0475/
    private static func remind() {
        // A handler of Python's or the program's own for SIGURG would be called each time.
        guard previousHandler.pointee == nil, let target = state.withLock(\.pending) else { return }
        Task.detached {
            for delay in [10, 40, 160, 640, 2560] {
                try await Task.sleep(for: .milliseconds(delay))
                guard Interpreter.isRunning, target == state.withLock(\.pending) else { return }
                Interpreter.signalThread(SIGURG)
            }
        }
    }

    /// Raises KeyboardInterrupt, as the bridge's handler does, between two steps of Python code.
    ///
    /// - Returns: 0, or -1 with the exception raised.
    private static func strike() -> Int32 {
        guard state.withLock({ $0.pending != nil }) else { return 0 }
        let frame = PyEval_GetFrame()  // borrowed
        let object = frame.map {
            UnsafeMutableRawPointer($0).assumingMemoryBound(to: PyObject.self)
        }
        guard strikes(object) else { return 0 }
        PyErr_SetNone(amaru_KeyboardInterrupt())
        return -1
    }

    /// Takes the interrupt that was just noticed, and says whether it strikes the code in a frame.
    ///
    /// - `frame`: The innermost one (borrowed), nil or None if no Python code runs.
    static func strikes(_ frame: PyPointer?) -> Bool {
        let (claim, isMeant) = claim()
        let strikes =
            switch claim {
            case .nothing: false
            case .call: true
            case .step: frame.map { !isIdle(beneathHandlers($0)) } ?? false
            }
        return strikes && isMeant?() ?? true
    }

    /// Returns the frame that Python code's handler of SIGINT interrupted, else the frame itself.
    ///
    /// What a handler raises comes out of the code beneath it. If that is the loop between two
    /// steps, the next callback would be lost, and whoever waits for it would wait forever.
    private static func beneathHandlers(_ frame: PyPointer) -> PythonObject {
        let handlers = [SIGINT, SIGURG].compactMap(codeOfHandler)
        var result = PythonObject(OwnedReference(borrowed: frame))
        var current = result
        while current.pointer != amaru_none(), !handlers.isEmpty {
            guard let code = attribute("f_code", of: current.pointer),
                let back = attribute("f_back", of: current.pointer)
            else { break }
            current = back
            if handlers.contains(where: { $0.pointer == code.pointer }) { result = back }
        }
        return result
    }

    /// Returns the bytecode of Python code's handler of a signal; nil if it has no such handler.
    private static func codeOfHandler(_ signal: Int32) -> PythonObject? {
        guard let signals = PyImport_ImportModule("_signal") else {  // new
            PyErr_Clear()
            return nil
        }
        let module = OwnedReference(new: signals)
        guard let getsignal = attribute("getsignal", of: module.pointer),
            let handler = try? Vectorcall.call(getsignal.pointer, [Int(signal)], PythonGIL())
        else { return nil }
        // A function or method, or an object with a method `__call__`.
        return attribute("__code__", of: handler.pointer)
            ?? attribute("__call__", of: handler.pointer)
            .flatMap { attribute("__code__", of: $0.pointer) }
    }

    private static func attribute(_ name: String, of object: PyPointer) -> PythonObject? {
        guard let value = PyObject_GetAttrString(object, name) else {  // new
            PyErr_Clear()
            return nil
        }
        return PythonObject(OwnedReference(new: value))
    }

    /// Whether a frame is the loop itself, between the steps of its tasks.
    private static func isIdle(_ frame: PythonObject) -> Bool {
        guard frame.pointer != amaru_none(),
            let namespace = attribute("f_globals", of: frame.pointer),
            amaru_is_dict(namespace.pointer) != 0,
            let name = PyDict_GetItemString(namespace.pointer, "__name__"),  // borrowed
            amaru_is_unicode(name) != 0
        else { return true }
        // asyncio.events: a handle whose callback has not begun would be lost.
        let own = ["selectors", "asyncio.base_events", "asyncio.events", "_amaru_runtime"]
        return own.contains { PyUnicode_CompareWithASCIIString(name, $0) == 0 }
    }

    /// Says what the interrupt that was just noticed is for, and takes it.
    private static func claim() -> (Claim, Condition?) {
        state.withLock { state in
            if state.shields > 0 {
                if state.pending == .step { state.pending = nil }
                return (.nothing, nil)
            }
            switch state.pending {
            case .call(let id) where state.active.contains(id):
                state.pending = nil
                return (.call, state.isMeant)
            case .step:
                state.pending = nil
                return (.step, state.isMeant)
            case .call, nil:
                return (.nothing, nil)
            }
        }
    }

    /// Runs `body`, the bridge's own Python code, as if the thread were idle.
    ///
    /// An interrupt of a call that the code belongs to strikes when it is over.
    static func shielding<Value: ~Copyable>(_ body: () throws -> Value) rethrows -> Value {
        guard Interpreter.isPythonThread else { return try body() }
        state.withLock { $0.shields += 1 }
        defer {
            let isInterrupted = state.withLock { state in
                state.shields -= 1
                return state.shields == 0 && state.pending != nil
            }
            if isInterrupted { notify(isRepeated: true) }
        }
        return try body()
    }

    // MARK: Signals

    /// What a SIGURG stands for.
    private enum Request: Int32 {
        /// It only ends a system call.
        case nothing
        case interrupt
        /// An interrupt that was not noticed before.
        case escalation
    }

    /// The ``Request`` that the next SIGURG stands for.
    ///
    /// Safe because a signal handler may read and write a word of memory; a lost escalation is
    /// made up for by the pending call.
    private nonisolated(unsafe) static let request = {
        let memory = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
        memory.initialize(to: 0)
        return memory
    }()

    /// Whether the bridge has set Python's interrupt flag since ``takeSent()`` was called last.
    ///
    /// Safe because the Python thread alone touches it, in the signal handler and outside.
    private nonisolated(unsafe) static let isSent = {
        let memory = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
        memory.initialize(to: 0)
        return memory
    }()

    /// Returns whether the bridge has sent the interrupt that Python has just noticed, and resets it.
    static func takeSent() -> Bool {
        defer { isSent.pointee = 0 }
        return isSent.pointee != 0
    }

    /// What SIGURG did before.
    ///
    /// Safe because it is written before the handler that reads it is installed. Memory of its own,
    /// since a handler may interrupt Swift's bookkeeping of a variable.
    private nonisolated(unsafe) static let previousHandler = {
        let memory = UnsafeMutablePointer<SignalHandler?>.allocate(capacity: 1)
        memory.initialize(to: nil)
        return memory
    }()

    /// Makes SIGURG set Python's interrupt flag; a handler that the program has is called too.
    ///
    /// Again after Python code has installed a handler for SIGURG.
    static func prepareSignals() {
        let current = SignalAction(current: SIGURG)
        // Interrupted, or a system call would go on.
        let own = SignalAction(handler, systemCalls: .interrupted)
        guard current.address != own.address else { return }
        previousHandler.pointee = current.handler
        // Made now: a handler may come amid an allocation, and must not make one.
        request.pointee = Request.nothing.rawValue
        isSent.pointee = 0
        own.install(for: SIGURG)
    }

    private static let handler: SignalHandler = { signal in
        // Both are safe in a signal handler:
        // https://docs.python.org/3/c-api/exceptions.html#c.PyErr_SetInterruptEx
        let requested = request.pointee
        // Before the flag is set: whoever asks from here on has a target that is noticed with it.
        request.pointee = Request.nothing.rawValue
        if requested == Request.escalation.rawValue {
            PyErr_SetInterruptEx(SIGURG)
        } else if requested == Request.interrupt.rawValue {
            isSent.pointee = 1
            PyErr_SetInterrupt()
        }
        SignalForwarding.wakeHome()
        previousHandler.pointee?(signal)
    }

    /// Ignores the signals of a broken pipe and of a full file, unless the program handles them.
    ///
    /// As `python` does, where Python code gets an OSError for each: here it would end the program.
    /// https://docs.python.org/3/library/signal.html#signal.SIGPIPE
    static func ignoreWriteSignals() {
        for signal in [SIGPIPE, SIGXFSZ] where SignalAction(current: signal).address == 0 {
            _ = PyOS_setsig(signal, SIG_IGN)
        }
    }

    /// Runs `body`, which sets Python's handlers, and gives the signals back to the program.
    static func keepingSignals<Value: ~Copyable>(_ body: () throws -> Value) rethrows -> Value {
        let former = [SIGINT, SIGURG].map { ($0, SignalAction(current: $0)) }
        defer { for (signal, action) in former { action.install(for: signal) } }
        return try body()
    }
}
