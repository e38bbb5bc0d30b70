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
        /// The tuple `("loop",)`.
        let keywords: PyPointer
    }

    /// Owned forever.
    ///
    /// Safe because it is touched with the GIL held only, and written once.
    private nonisolated(unsafe) static var functions: Functions?

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
        let keywords = try OwnedReference(new: PyTuple_New(1))
        let loop = try "loop".pythonReference(gil)
        amaru_tuple_fill(keywords.pointer, 0, loop.take())  // stolen
        functions = Functions(
            get: get.take(),
            set: set.take(),
            future: future.take(),
            keywords: keywords.take()
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
        var arguments: PyPointer? = loop
        return try OwnedReference(
            new: PyObject_Vectorcall(functions.future, &arguments, 0, functions.keywords)
        )
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
