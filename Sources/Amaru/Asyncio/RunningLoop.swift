// The loop that asyncio counts as running on this thread, read and set without names.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// What `asyncio` keeps for each thread: the loop that runs there.
///
/// https://docs.python.org/3/library/asyncio-extending.html
enum RunningLoop {
    private struct Functions {
        let get: PyPointer
        let set: PyPointer
        let future: PyPointer
        /// The descriptor `asyncio.Future.set_result`.
        let setResult: PyPointer
        let noArguments: PyPointer
    }

    /// Owned forever.
    ///
    /// Safe because it is touched with the GIL held only, and written once.
    private nonisolated(unsafe) static var functions: Functions?

    /// The keyword arguments of a future of the home loop, a dictionary.
    ///
    /// Owned forever.
    ///
    /// Safe because it is touched with the GIL held only, and written once.
    private nonisolated(unsafe) static var homeKeywords: PyPointer?

    /// Remembers the functions; the thread holds the GIL.
    static func prepare(_ gil: borrowing PythonGIL) throws {
        guard functions == nil else { return }
        let asyncio = try OwnedReference(new: PyImport_ImportModule("asyncio"))
        func attribute(_ name: String) throws -> OwnedReference {
            try OwnedReference(new: PyObject_GetAttrString(asyncio.pointer, name))
        }
        let get = try attribute("_get_running_loop")
        let set = try attribute("_set_running_loop")
        let future = try attribute("Future")
        let setResult = try OwnedReference(
            new: PyObject_GetAttrString(future.pointer, "set_result")
        )
        let noArguments = try OwnedReference(new: PyTuple_New(0))
        functions = Functions(
            get: get.take(),
            set: set.take(),
            future: future.take(),
            setResult: setResult.take(),
            noArguments: noArguments.take()
        )
    }

    /// The running loop, or None (new).
    static func current() throws -> OwnedReference {
        // Without asyncio no loop runs.
        guard let functions else { return OwnedReference(borrowed: amaru_none()) }
        return try OwnedReference(new: PyObject_CallNoArgs(functions.get))
    }

    /// Lets `loop` (borrowed), which may be None, be the running one.
    static func set(_ loop: PyPointer) throws {
        guard let functions else { throw Interpreter.notRunning() }
        _ = try OwnedReference(new: PyObject_CallOneArg(functions.set, loop))
    }

    /// Makes a future of `loop` (new), by asyncio's own class where the loop uses that.
    static func makeFuture(of loop: PyPointer) throws -> OwnedReference {
        guard let functions else { throw Interpreter.notRunning() }
        guard EventLoop.makesPlainFutures(loop) else {
            return try Method.call(loop, "create_future")
        }
        let keywords = try homeKeywords ?? makeHomeKeywords(loop)
        return try OwnedReference(
            new: PyObject_Call(functions.future, functions.noArguments, keywords)
        )
    }

    /// Makes a future of `loop` (new) that has a result (borrowed) already.
    static func makeFuture(of loop: PyPointer, result: PyPointer) throws -> OwnedReference {
        let future = try makeFuture(of: loop)
        guard let functions, EventLoop.makesPlainFutures(loop) else {
            _ = try Method.call(future.pointer, "set_result", result)
            return future
        }
        var slots: (PyPointer?, PyPointer?) = (future.pointer, result)
        _ = try OwnedReference(
            new: withUnsafeBytes(of: &slots) { slots in
                // Safe because a tuple of one type is laid out as an array of it.
                PyObject_Vectorcall(
                    functions.setResult,
                    slots.baseAddress?.assumingMemoryBound(to: PyPointer?.self),
                    2,
                    nil
                )
            }
        )
        return future
    }

    private static func makeHomeKeywords(_ loop: PyPointer) throws -> PyPointer {
        let keywords = try OwnedReference(new: PyDict_New())
        try PythonException.check(PyDict_SetItemString(keywords.pointer, "loop", loop))
        let pointer = keywords.take()
        homeKeywords = pointer
        return pointer
    }
}

/// Calls a method by the name of the call site, without the bound object.
enum Method {
    static func call(_ object: PyPointer, _ name: StaticString) throws -> OwnedReference {
        guard let name = name.pythonName else { throw PythonException.taken() }
        var slots: PyPointer? = object
        return try OwnedReference(
            new: PyObject_VectorcallMethod(name, &slots, amaru_vectorcall_count(1), nil)
        )
    }

    /// Calls it with one argument (borrowed).
    static func call(
        _ object: PyPointer,
        _ name: StaticString,
        _ argument: PyPointer
    ) throws -> OwnedReference {
        guard let name = name.pythonName else { throw PythonException.taken() }
        var slots: (PyPointer?, PyPointer?) = (object, argument)
        return try OwnedReference(
            new: withUnsafePointer(to: &slots) { slots in
                // Safe because a tuple of one type is laid out as an array of it.
                UnsafeRawPointer(slots).withMemoryRebound(to: PyPointer?.self, capacity: 2) {
                    PyObject_VectorcallMethod(name, $0, amaru_vectorcall_count(2), nil)
                }
            }
        )
    }
}
