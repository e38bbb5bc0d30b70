// The serial executor behind the global actor: one thread, woken through its event loop.
// SPDX-License-Identifier: Apache-2.0

/// The executor that runs Swift jobs on the Python thread, between turns of the event loop.
///
/// It lives forever: an executor that goes away while the runtime still tracks it crashes.
final class PythonExecutor: SerialExecutor {
    static let shared = PythonExecutor()

    var reference: UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    func enqueue(_ job: consuming ExecutorJob) {
        Interpreter.submit(NestedLoop.work(of: UnownedJob(job)))
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { reference }

    func checkIsolated() {
        precondition(
            Interpreter.isIsolated,
            "Python was entered on a thread other than its own; use PythonActor.run."
        )
    }

    func isIsolatingCurrentContext() -> Bool? { Interpreter.isIsolated }
}
