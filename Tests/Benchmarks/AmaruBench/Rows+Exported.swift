// Python calls Swift: functions, closures, classes, async functions.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Synchronization

extension Rows {
    static func exported(_ subject: Subject) throws -> [Row] {
        try functions(subject) + members(subject) + [awaited(subject), taskAlone(subject)]
    }

    private static func functions(_ subject: Subject) throws -> [Row] {
        [
            try row(
                subject,
                "function0",
                "Python calls a Swift function",
                "f()",
                "no_operation",
                .ratio(1.2, instructions: 1.1),
                #"PythonFunction("f") { () -> Void in }"#
            ),
            try row(
                subject,
                "function1",
                "Python calls a Swift function with an Int",
                "f(1000)",
                "increment",
                .ratio(1.2, instructions: 1.1),
                #"PythonFunction("f") { (i: Int) in i + 1 }"#
            ),
            try row(
                subject,
                "closure0",
                "the same with captured state",
                "f()",
                "no_operation",
                .ratio(20.0 / 7),
                #"PythonFunction("f") { () -> Void in state.check() }"#,
                swift: "captured_no_operation"
            ),
            try row(
                subject,
                "closure1",
                "the same with captured state and an Int",
                "f(1000)",
                "increment",
                .ratio(30.0 / 17),
                #"PythonFunction("f") { (i: Int) in i + state.size }"#,
                swift: "captured_increment"
            ),
            try mapped(subject),
        ]
    }

    private static func members(_ subject: Subject) throws -> [Row] {
        let c: PythonObject = try subject.c.Number
        let swift: PythonObject = try subject.swift.Number
        func row(
            _ name: String,
            _ work: String,
            _ statement: String,
            _ spelling: String,
            _ limits: Limits = .ratio(1.2, instructions: 1.1),
            ofClass: Bool = false
        ) throws -> Row {
            Row(
                name: name,
                work: work,
                limits: limits,
                floor: try subject.loop(statement, "f", ofClass ? c : c(5)),
                bridge: .measured(
                    spelling: spelling,
                    try subject.loop(statement, "f", ofClass ? swift : swift(5))
                ),
                isCalledByPython: true
            )
        }
        return [
            try row(
                "property",
                "Python reads a property",
                "f.value",
                #"PythonProperty("value") { $0.value }"#
            ),
            try row(
                "method0",
                "Python calls a method",
                "f.no_operation()",
                #"PythonMethod("no_operation") { _ in }"#
            ),
            try row(
                "method1",
                "Python calls a method with an Int",
                "f.plus(1000)",
                #"PythonMethod("plus") { (number, n: Int) in number.value + n }"#
            ),
            try row(
                "create",
                "create and drop an object (floor: tp_new, ParseTuple)",
                "f(5)",
                "PythonInitializer { (value: Int) in Number(value) }",
                .ratio(1.0, instructions: 1.0),
                ofClass: true
            ),
        ]
    }

    private static func row(
        _ subject: Subject,
        _ name: String,
        _ work: String,
        _ statement: String,
        _ function: String,
        _ limits: Limits,
        _ spelling: String,
        swift: String? = nil
    ) throws -> Row {
        let c = try subject.c.readAttribute(function)
        let exported = try subject.swift.readAttribute(swift ?? function)
        return Row(
            name: name,
            work: work,
            limits: limits,
            floor: try subject.loop(statement, "f", c),
            bridge: .measured(
                spelling: spelling,
                try subject.loop(statement, "f", exported)
            ),
            isCalledByPython: true
        )
    }

    /// A closure that is an argument, and so in no module.
    private static func mapped(_ subject: Subject) throws -> Row {
        let c: PythonObject = try subject.c.increment
        let closure = try PythonObject(PythonFunction { (i: Int) in i + 1 })
        let statement = "list(map(f, range(1000)))"
        return Row(
            name: "closure-map",
            work: "map calls a closure 1,000 times that is its argument",
            limits: .ratio(1.3, instructions: 1.3),
            floor: try subject.loop(statement, "f", c),
            bridge: .measured(
                spelling: #"try map(PythonFunction { (i: Int) in i + 1 }, range)"#,
                try subject.loop(statement, "f", closure)
            ),
            isCalledByPython: true
        )
    }

    private static func awaited(_ subject: Subject) throws -> Row {
        let c: PythonObject = try subject.c.done_future
        let swift: PythonObject = try subject.swift.immediate
        let homeLoop: PythonObject = try subject.python.home_loop
        let bound: PythonObject = try Python.import("functools").partial(c, homeLoop)
        return Row(
            name: "await",
            work: "await a Swift async function that does not suspend (floor: a done future)",
            limits: .ratio(2.0, instructions: 1.5),
            floor: try subject.awaitingLoop("await f()", "f", bound),
            bridge: .measured(
                spelling: #"PythonFunction("f") { () async -> Void in }"#,
                try subject.awaitingLoop("await f()", "f", swift)
            ),
            isCalledByPython: true
        )
    }

    /// What Swift takes for a task that never suspends, without Python: awaits need none.
    private static func taskAlone(_ subject: Subject) throws -> Row {
        let c: PythonObject = try subject.c.done_future
        let homeLoop: PythonObject = try subject.python.home_loop
        let bound: PythonObject = try Python.import("functools").partial(c, homeLoop)
        let hasRun = Mutex(false)
        startedTask { hasRun.withLock { $0 = true } }
        guard hasRun.withLock({ $0 }) else { throw BenchError("the task did not run at once") }
        let body: @concurrent @Sendable () async -> Void = {}
        return Row(
            name: "task-alone",
            work: "for comparison: a Swift task that does not suspend, without Python",
            limits: .none,
            floor: try subject.awaitingLoop("await f()", "f", bound),
            bridge: .measured(spelling: "Task.immediate { await body() }") { count in
                for _ in 0..<count { startedTask(body) }
            }
        )
    }

    @inline(never)
    private nonisolated static func startedTask(
        _ body: @escaping @concurrent @Sendable () async -> Void
    ) {
        Task.immediate { await body() }
    }
}
