// Calls, attributes, imports and evaluation.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import CFloors

extension Rows {
    static func calls(_ subject: Subject) throws -> [Row] {
        try positionalCalls(subject) + attributes(subject) + lookups(subject)
    }

    private static func positionalCalls(_ subject: Subject) throws -> [Row] {
        let noOperation: PythonObject = try subject.python.no_operation
        let identity: PythonObject = try subject.python.identity
        let add: PythonObject = try subject.python.add
        let keywords: PythonObject = try subject.python.keywords
        return [
            Row(
                name: "call0",
                work: "call with no argument",
                limits: .ratio(1.15, instructions: 1.10),
                floor: { floor_call0($0) },
                bridge: .measured(spelling: "let _: PythonNone = try f()") { count in
                    for _ in 0..<count { let _: PythonNone = try noOperation() }
                }
            ),
            Row(
                name: "call1",
                work: "call with an Int",
                limits: .ratio(1.15, instructions: 1.10),
                floor: { floor_call1($0) },
                bridge: .measured(spelling: "let n: Int = try f(i)") { count in
                    var sum = 0
                    for i in 0..<count {
                        let n: Int = try identity(1000 + i)
                        sum &+= n
                    }
                    keep(sum)
                }
            ),
            Row(
                name: "call2",
                work: "call with two Ints",
                limits: .ratio(1.15, instructions: 1.10),
                floor: { floor_call2($0) },
                bridge: .measured(spelling: "let n: Int = try f(i, 2000)") { count in
                    var sum = 0
                    for i in 0..<count {
                        let n: Int = try add(1000 + i, 2000)
                        sum &+= n
                    }
                    keep(sum)
                }
            ),
            Row(
                name: "keywords",
                work: "call with two keywords",
                limits: .ratio(1.15, instructions: 1.10),
                floor: { floor_call_keywords($0) },
                bridge: .measured(spelling: "let n: Int = try f(i, b: 2000, c: 3000)") { count in
                    var sum = 0
                    for i in 0..<count {
                        let n: Int = try keywords(1000 + i, b: 2000, c: 3000)
                        sum &+= n
                    }
                    keep(sum)
                }
            ),
        ]
    }

    private static func attributes(_ subject: Subject) throws -> [Row] {
        let point: PythonObject = try subject.python.point
        return [
            Row(
                name: "attribute",
                work: "read an attribute",
                limits: .ratio(1.15, instructions: 1.10),
                floor: { floor_attribute($0) },
                bridge: .measured(spelling: "let n: Int = try o.x") { count in
                    var sum = 0
                    for _ in 0..<count {
                        let n: Int = try point.x
                        sum &+= n
                    }
                    keep(sum)
                }
            ),
            Row(
                name: "set-attribute",
                work: "set an attribute",
                limits: .ratio(1.15, instructions: 1.10),
                floor: { floor_set_attribute($0) },
                bridge: .measured(spelling: #"try o.setAttribute("x", to: i)"#) { count in
                    for i in 0..<count { try point.setAttribute("x", to: 1000 + i) }
                }
            ),
            Row(
                name: "method",
                work: "call a method with an Int",
                limits: .ratio(1.15, instructions: 1.10),
                floor: { floor_method($0) },
                bridge: .measured(spelling: "let n: Int = try o.m(i)") { count in
                    var sum = 0
                    for i in 0..<count {
                        let n: Int = try point.m(1000 + i)
                        sum &+= n
                    }
                    keep(sum)
                }
            ),
        ]
    }

    private static func lookups(_ subject: Subject) throws -> [Row] {
        let globals: PythonObject = try subject.python.evaluation_globals
        return [
            Row(
                name: "import",
                work: "import a loaded module, read an attribute "
                    + "(floor: PyImport_ImportModule in a program that embeds Python)",
                limits: .ratio(0.1),
                floor: { floor_import($0) },
                bridge: .measured(spelling: importSpelling, importing)
            ),
            Row(
                name: "import-in-frame",
                work:
                    "the same (floor: PyImport_ImportModule below Python code, where it does less)",
                limits: .none,
                floor: { floor_import_in_frame($0) },
                bridge: .measured(spelling: importSpelling, importing)
            ),
            Row(
                name: "evaluate",
                work: "evaluate a text again (floor: compiled before)",
                limits: .ratio(1.2),
                floor: { floor_evaluate($0) },
                bridge: .measured(
                    spelling: #"try Python.eval("x * 2 + 1", as: Int.self, globals: g)"#
                ) { count in
                    var sum = 0
                    for _ in 0..<count {
                        sum &+= try Python.eval("x * 2 + 1", as: Int.self, globals: globals)
                    }
                    keep(sum)
                }
            ),
        ]
    }

    private static var importSpelling: String { #"let pi: Double = try Python.import("math").pi"# }

    private static func importing(_ count: Int) throws {
        var sum = 0.0
        for _ in 0..<count {
            let pi: Double = try Python.import("math").pi
            sum += pi
        }
        keep(Int(sum))
    }
}
