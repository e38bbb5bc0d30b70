// Where the bridge listens to CPython: signals, imports, forks.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The functions that CPython calls, installed at each start.
///
/// In Swift, as compiling the same in Python is a good part of what a start takes. They work in a
/// child of `os.fork` too, where they take no lock, and do what `python` does without them.
enum InterpreterHooks {
    static func install(_ gil: borrowing PythonGIL) throws {
        let signals = try OwnedReference(new: PyImport_ImportModule("_signal"))
        let interrupt = try handleInterrupts(signals.pointer, gil)
        try followSignals(signals.pointer, interrupt, gil)
        try watchImports(gil)
        try followForks(signals.pointer, interrupt)
    }

    // MARK: Signals

    /// Makes the bridge's handler that of SIGINT, and of the second chance of an interrupt.
    ///
    /// - Returns: The handler.
    private static func handleInterrupts(
        _ signals: PyPointer,
        _ gil: borrowing PythonGIL
    ) throws -> PythonObject {
        let interrupt = try NativeFunction.makeForkSafe("interrupt") { arguments, _, gil in
            // The signal and the frame (borrowed) that was interrupted.
            let frame = arguments.count > 1 ? arguments[1] : nil
            let number = try arguments.first.map { try Int32.fromPython(.init($0), gil) }
            if number == SIGINT, !Interrupts.takeSent(), !Interpreter.isForkedChild {
                SignalForwarding.sendBack()
                return OwnedReference(borrowed: amaru_none())
            }
            guard Interpreter.isForkedChild || Interrupts.strikes(frame) else {
                return OwnedReference(borrowed: amaru_none())
            }
            throw PendingPythonError.keyboardInterrupt()
        }
        for signal in [SIGINT, SIGURG] {
            _ = try call(signals, "signal", [Int(signal), interrupt], gil)
        }
        return interrupt
    }

    /// Runs `body` with the handler of SIGINT that `python` has.
    ///
    /// The system call that a Ctrl-C ends, such as the wait for a child that it has ended too, does
    /// not return to Python code before this has raised; and asyncio puts its own handler in the
    /// place of that one alone.
    static func handlingInterruptsLikePython<Value>(_ body: () throws -> Value) throws -> Value {
        let signals = try OwnedReference(new: PyImport_ImportModule("_signal"))
        let handler = PythonObject(
            try OwnedReference(new: PyObject_GetAttrString(signals.pointer, "default_int_handler"))
        )
        let gil = PythonGIL()
        let former = try PythonObject(
            call(signals.pointer, "signal", [Int(SIGINT), handler], gil)
        )
        defer {
            // Unless Python code has set another one, or runs as a child of its own.
            let current = try? call(signals.pointer, "getsignal", [Int(SIGINT)], gil)
            if let current, current.pointer == handler.pointer, !Interpreter.isForkedChild {
                _ = try? call(signals.pointer, "signal", [Int(SIGINT), former], gil)
            }
        }
        return try body()
    }

    /// Tells ``SignalForwarding`` of each handler, since a signal may come to any thread.
    private static func followSignals(
        _ signals: PyPointer,
        _ interrupt: PythonObject,
        _ gil: borrowing PythonGIL
    ) throws {
        let plain = PythonObject(try OwnedReference(new: PyObject_GetAttrString(signals, "signal")))
        let documentation =
            "signal($module, signalnum, handler, /)\n--\n\nSet the action for the given signal."
        let signal = try NativeFunction.makeForkSafe("signal", documentation) {
            arguments,
            keywords,
            gil in
            var slots = arguments.map(Optional.some)
            let action = SignalAction(current: SIGINT)
            let former = PyObject_Vectorcall(plain.pointer, &slots, arguments.count, keywords)
            guard let former else { throw PendingPythonError() }
            let result = OwnedReference(new: former)
            guard !Interpreter.isForkedChild, let first = arguments.first else { return result }
            let number = try Int32.fromPython(.init(first), gil)
            if number == SIGINT, arguments.count > 1, arguments[1] == interrupt.pointer {
                SignalForwarding.giveBackInterrupts(former: action)
            } else {
                SignalForwarding.adopt(number, former: action)
            }
            return result
        }
        // The module `signal` calls what stands here.
        guard PyObject_SetAttrString(signals, "signal", signal.pointer) == 0 else {
            throw PythonException.taken()
        }
    }

    // MARK: Imports

    /// Puts a finder in front that sees when asyncio or linecache is imported.
    ///
    /// https://docs.python.org/3/reference/import.html#the-meta-path
    private static func watchImports(_ gil: borrowing PythonGIL) throws {
        let finder = PythonObject(try OwnedReference(new: PyModule_New("_amaru_imports")))
        let imported = try NativeFunction.make("imported") { arguments, _, gil in
            let name = try String.fromPython(BorrowedReference(arguments[0]), gil)
            switch name {
            case "asyncio": EventLoop.asyncioWasImported(gil)
            default: _ = try? Runtime.call(.sources, "fill_linecache", [], gil)
            }
            return OwnedReference(borrowed: amaru_none())
        }
        let findSpec = try NativeFunction.makeForkSafe("find_spec") { arguments, _, gil in
            guard let name = arguments.first, isWatched(name), !Interpreter.isForkedChild else {
                return OwnedReference(borrowed: amaru_none())
            }
            let given = arguments.prefix(2).map { PythonObject(OwnedReference(borrowed: $0)) }
            return try Runtime.call(.imports, "find_watched", given + [imported], gil)
        }
        guard PyObject_SetAttrString(finder.pointer, "find_spec", findSpec.pointer) == 0,
            PyList_Insert(PySys_GetObject("meta_path"), 0, finder.pointer) == 0  // borrowed
        else { throw PythonException.taken() }
    }

    private static func isWatched(_ name: PyPointer) -> Bool {
        guard amaru_is_unicode(name) != 0 else { return false }
        return PyUnicode_CompareWithASCIIString(name, "asyncio") == 0
            || PyUnicode_CompareWithASCIIString(name, "linecache") == 0
    }

    // MARK: Forks

    /// Marks a child of `os.fork`, in which no other thread exists.
    ///
    /// SIGINT is Python's there: what the program does about it is no child's affair.
    private static func followForks(_ signals: PyPointer, _ interrupt: PythonObject) throws {
        let signals = PythonObject(OwnedReference(borrowed: signals))
        // Also in the children of a child, where it changes nothing.
        let forked = try NativeFunction.makeForkSafe("forked") { _, _, gil in
            guard !Interpreter.isForkedChild else { return OwnedReference(borrowed: amaru_none()) }
            amaru_set_entry_flag(AMARU_ENTRY_FORKED)
            SignalForwarding.adoptThread(wakingBy: -1)
            try EventLoop.followFork()
            let current = try call(signals.pointer, "getsignal", [Int(SIGINT)], gil)
            if current.pointer == interrupt.pointer, SignalAction(current: SIGINT).address > 1 {
                _ = try call(signals.pointer, "signal", [Int(SIGINT), interrupt], gil)
            }
            try followWarning("after_fork")
            return OwnedReference(borrowed: amaru_none())
        }
        let posix = try OwnedReference(new: PyImport_ImportModule("posix"))
        let register = try OwnedReference(
            new: PyObject_GetAttrString(posix.pointer, "register_at_fork")
        )
        let none = try OwnedReference(new: PyTuple_New(0))
        let keywords = try OwnedReference(new: PyDict_New())
        var hooks = ["after_in_child": forked]
        if warnsOfForks {
            hooks["before"] = try hook("before_fork")
            hooks["after_in_parent"] = try hook("after_fork")
        }
        for (name, hook) in hooks
        where PyDict_SetItemString(keywords.pointer, name, hook.pointer) != 0 {
            throw PythonException.taken()
        }
        _ = try OwnedReference(
            new: PyObject_Call(register.pointer, none.pointer, keywords.pointer)
        )
    }

    /// Whether this CPython warns where a process with several threads forks.
    private static var warnsOfForks: Bool { Py_Version >= 0x030C_0000 }

    private static func hook(_ name: String) throws -> PythonObject {
        try NativeFunction.makeForkSafe(name) { _, _, _ in
            try followWarning(name)
            return OwnedReference(borrowed: amaru_none())
        }
    }

    private static func followWarning(_ name: String) throws {
        guard warnsOfForks else { return }
        _ = try Runtime.call(.children, name, [], PythonGIL())
    }

    private static func call(
        _ module: PyPointer,
        _ name: String,
        _ arguments: [any ConvertibleToPython],
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        let function = try OwnedReference(new: PyObject_GetAttrString(module, name))
        return try Vectorcall.call(function.pointer, arguments, gil)
    }
}
