// The Swift classes that the tests export, and how their Python programs are run.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

extension ClassFixture {
    /// A value behind a lock.
    final class Guarded<Value: Sendable>: @unchecked Sendable {
        // Safe because every access is under the lock.
        private let lock = NSLock()
        private var stored: Value

        init(_ value: Value) { stored = value }

        var value: Value {
            get { lock.withLock { stored } }
            set { lock.withLock { stored = newValue } }
        }

        func change(_ body: (inout Value) -> Void) { lock.withLock { body(&stored) } }
    }

    /// Counts the instances of a class that live.
    enum Census {
        private static let counts = Guarded<[String: Int]>([:])

        static func born(_ name: String) { counts.change { $0[name, default: 0] += 1 } }
        static func died(_ name: String) { counts.change { $0[name, default: 0] -= 1 } }
        static func living(_ name: String) -> Int { counts.value[name] ?? 0 }
    }

    struct CounterError: Error, Equatable { let code: Int }

    class Counter: PythonClassInstance, @unchecked Sendable {
        // Safe because it has no state but behind a lock; not final, to have a subclass.
        let state: Guarded<Int>

        init(_ value: Int) {
            state = Guarded(value)
            Census.born("Counter")
        }

        deinit { Census.died("Counter") }

        class var pythonClass: PythonClass {
            PythonClass(Counter.self, documentation: "Counts up.") {
                PythonInitializer { (start: Int) in
                    guard start >= 0 else { throw CounterError(code: start) }
                    return Counter(start)
                }
                PythonProperty("value", documentation: "The count.") {
                    $0.state.value
                } set: {
                    $0.state.value = $1
                }
                PythonProperty("double") { $0.state.value * 2 }
                PythonProperty("broken") { _ throws -> Int in throw CounterError(code: 7) }
                PythonMethod("add", documentation: "Adds n.") { (counter, n: Int) -> Int in
                    counter.state.change { $0 += n }
                    return counter.state.value
                }
                PythonMethod("reset") { counter in counter.state.value = 0 }
                PythonMethod("fail") { (_, code: Int) throws -> Int in
                    throw CounterError(code: code)
                }
                PythonMethod("this") { counter in counter }
                PythonMethod("merge") { (counter, other: Counter) in
                    // Read before: both may be the same, and the lock is not recursive.
                    let more = other.state.value
                    counter.state.change { $0 += more }
                }
                PythonMethod("later") { (counter, n: Int) async throws -> Int in
                    await Task.yield()
                    return counter.state.value + n
                }
                PythonMethod("at_once") { (counter, n: Int) async in counter.state.value = n }
                PythonMethod("fail_later") { (_, code: Int) async throws -> Int in
                    await Task.yield()
                    throw CounterError(code: code)
                }
                PythonStaticMethod("zero") { () in Counter(0) }
                PythonStaticMethod(PythonFunction("soon") { (n: Int) async in Counter(n) })
                PythonClassMethod("described") { (type: PythonObject, n: Int) in
                    PythonTuple(type, n)
                }
                PythonClassConstant("limit", 100)
                PythonMethod("__call__") { (counter, n: Int) in counter.state.value * n }
                PythonOperator(.repr) { "Counter(\($0.state.value))" }
                PythonPickling {
                    $0.state.value
                } restore: { (value: Int) in
                    Counter(value)
                }
            }
        }
    }

    final class LoudCounter: Counter, @unchecked Sendable {
        // Safe for the reason of its superclass.
        override class var pythonClass: PythonClass {
            PythonClass(LoudCounter.self, base: Counter.self) {
                PythonInitializer { (start: Int, name: String) in LoudCounter(start, name) }
                PythonProperty("name", \.name)
                PythonMethod("shout") { $0.name.uppercased() + "!" }
            }
        }

        let name: String

        init(_ value: Int, _ name: String) {
            self.name = name
            super.init(value)
        }
    }

    /// A subclass that Python knows as its superclass.
    final class HiddenCounter: Counter, @unchecked Sendable {}

    /// A class without an initialiser, and without pickling.
    final class Sealed: PythonClassInstance {
        static let pythonClass = PythonClass(Sealed.self) {
            PythonStaticMethod("make") { () in Sealed() }
            PythonMethod("one") { _ in 1 }
        }
    }

    final class Unregistered: PythonClassInstance {
        static let pythonClass = PythonClass(Unregistered.self) {}
    }
}

/// The module of the exported classes, and a name space for them.
enum ClassFixture {
    static let module = PythonModule("fixture_classes") {
        Counter.pythonClass
        LoudCounter.pythonClass
        Sealed.pythonClass
        Vector.pythonClass
        Names.pythonClass
        Store.pythonClass
        Countdown.pythonClass
        Session.pythonClass
        Samples.pythonClass
        Node.pythonClass
        PythonFunction("swift_error_code") { (body: PythonObject) throws -> Int in
            do {
                try PythonActor.runBlocking { _ = try body() as PythonObject }
                return 0
            } catch let error as CounterError {
                return error.code
            }
        }
        PythonFunction("hidden") { () in HiddenCounter(5) as Counter }
        PythonFunction("unregistered") { () in Unregistered() }
        PythonFunction("living") { (name: String) in Census.living(name) }
        PythonFunction("squares") { (n: Int) in PythonIterable((0..<n).lazy.map { $0 * $0 }) }
    }

    /// Runs a source that knows the classes, and gives the `repr` of its last expression.
    static func run(_ source: String) async throws -> String {
        try await Python.register(module)
        let value = try await runAlone("from fixture_classes import *\nimport gc, sys\n" + source)
        return try await PythonActor.run { try Python.repr(value) }
    }

    /// What a source that fails raises in Python, as in the last line of a traceback.
    static func failure(_ source: String) async throws -> String {
        try await Python.register(module)
        let block = source.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n")
        let text = try await runAlone(
            """
            from fixture_classes import *
            text = 'nothing was raised'
            try:
            \(block)
            except Exception as error: text = f'{type(error).__name__}: {error}'
            text
            """
        )
        return try await PythonActor.run { try text.converted() }
    }
}
