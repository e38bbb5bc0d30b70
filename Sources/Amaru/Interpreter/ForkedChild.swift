// The end of a child that Python code made with os.fork.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A child of `os.fork`, which has the Python thread alone, in the midst of Swift code.
///
/// The threads that Swift would go on with are the parent's. So the child ends when its Python code
/// returns to Swift: as `python` ends a child, with exit functions and flushed streams.
enum ForkedChild {
    /// Runs `body`, Python code that may fork; the child does not return.
    @inline(__always)
    static func endingWith<Value: ~Copyable>(_ body: () throws -> Value) throws -> Value {
        do {
            let value = try body()
            endHere()
            return value
        } catch {
            if Interpreter.isForkedChild, Interpreter.isPythonThread { end(with: error) }
            throw error
        }
    }

    /// Ends the process if it is a child whose Python thread has come to here.
    @inline(__always)
    static func endHere() {
        if Interpreter.isForkedChild, Interpreter.isPythonThread { end("end_child", PythonNone()) }
    }

    private static func end(with error: any Error) -> Never {
        end("end_child", try? PythonObject(ErrorTranslation.exception(for: error, PythonGIL())))
    }

    /// Ends with the result of a task (borrowed), or with none.
    static func end(with task: PyPointer?) -> Never {
        end("end_child_task", task.map { PythonObject(OwnedReference(borrowed: $0)) })
    }

    private static func end(_ function: String, _ argument: some ConvertibleToPython) -> Never {
        _ = try? Runtime.call(.children, function, [argument], PythonGIL())
        // It has raised.
        _exit(1)
    }
}
