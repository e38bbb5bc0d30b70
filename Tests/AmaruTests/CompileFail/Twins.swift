// The programs of the compile-fail tests: each wrong one beside the right one.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Two programs that differ in one place: `{{right||wrong}}`.
struct Twins: Sendable, CustomTestStringConvertible {
    let name: String
    let template: String
    /// What the compiler says of the wrong one.
    let diagnostic: String
    /// What it says beside that, in any line.
    let advice: String

    var testDescription: String { name }

    init(
        _ name: String,
        _ template: String,
        refused diagnostic: String,
        advice: String = ""
    ) {
        (self.name, self.template) = (name, template)
        (self.diagnostic, self.advice) = (diagnostic, advice)
    }

    var right: String { choosing(first: true) }
    var wrong: String { choosing(first: false) }

    private func choosing(first: Bool) -> String {
        var program = "import Amaru\nfinal class Plain { var count = 0 }\n"
        for (index, part) in template.components(separatedBy: "{{").enumerated() {
            guard index > 0, let end = part.range(of: "}}") else {
                program += part
                continue
            }
            let choices = part[..<end.lowerBound].components(separatedBy: "||")
            program += (first ? choices.first : choices.last) ?? ""
            program += part[end.upperBound...]
        }
        return program + "\n"
    }

    /// A use that is fine on the Python actor and refused in a function without isolation.
    private static func use(_ name: String, _ body: String, _ diagnostic: String? = nil) -> Twins {
        Twins(
            name,
            "{{@PythonActor||}} func use(_ object: PythonObject) throws { \(body) }",
            refused: diagnostic ?? "'PythonActor'-isolated"
        )
    }

    static let uses = [
        use("reading an attribute", "_ = try object.name as PythonObject"),
        use("reading an attribute as a Swift type", "_ = try object.name as Int"),
        use("reading an attribute by name", #"_ = try object.readAttribute("name")"#),
        use("setting an attribute", #"try object.setAttribute("name", to: 1)"#),
        use("calling", "try object(1)"),
        use("calling with keywords", "try object(1, key: 2)"),
        use("calling a member", "try object.append(1)"),
        use("reading an item", "_ = try object[0] as PythonObject"),
        use("setting an item", "try object.setItem(0, to: 1)"),
        use("counting", "_ = try Python.len(object)"),
        use("converting", "_ = try object.converted(to: Int.self)"),
        use("comparing", "_ = try object.isEqual(to: 1)"),
        use("comparing with an operator", "_ = try object == 1"),
        use("ordering with an operator", "_ = try object < object"),
        use("adding", "_ = try object + 1"),
        use("adding to a Swift value", "_ = try 1 + object"),
        use("negating", "_ = try -object"),
        use("assigning in place", "var total = object; try total += 1"),
        use("testing for membership", "_ = try Python.contains(object, 1)"),
        use("collecting", "let all: [Int] = try Python.elements(of: object); _ = all"),
        use("creating a Swift value", "_ = try Int(object)"),
        use("hashing", "_ = try Python.hash(object)"),
        use("testing for None", "_ = object.isNone"),
        use("printing", #"print("\(try Python.repr(object))")"#),
        use("iterating", "let all = try object.makeIterator(); while let _ = try all.next() {}"),
        use("making an object", "_ = try PythonObject(5)"),
        use("evaluating", #"_ = try Python.eval("1")"#),
        use("importing", #"_ = try Python.import("sys")"#),
    ]

    static let spellings = [
        Twins(
            "assigning to an attribute",
            """
            @PythonActor func use(_ object: PythonObject) throws {
                {{try object.setAttribute("name", to: 3)||object.name = 3}}
            }
            """,
            refused: "write `try object.setAttribute(\"name\", to: value)`"
        ),
        Twins(
            "assigning to an item",
            """
            @PythonActor func use(_ object: PythonObject) throws {
                {{try object.setItem("key", to: 3)||object["key"] = 3}}
            }
            """,
            refused: "write `try object.setItem(key, to: value)`"
        ),
        Twins(
            "assigning nil to an attribute",
            """
            @PythonActor func use(_ object: PythonObject) throws {
                {{try object.setAttribute("name", to: nil)||object.name = nil}}
            }
            """,
            refused: "write `try object.setAttribute(\"name\", to: value)`"
        ),
        Twins(
            "assigning nil to an item",
            """
            @PythonActor func use(_ object: PythonObject) throws {
                {{try object.setItem("key", to: nil)||object["key"] = nil}}
            }
            """,
            refused: "write `try object.setItem(key, to: value)`"
        ),
        Twins(
            "assigning a literal of several types",
            """
            @PythonActor func use(_ object: PythonObject) throws {
                {{try object.setItem("key", to: [1, "x"])||object["key"] = [1, "x"]}}
            }
            """,
            refused: "write `try object.setItem(key, to: value)`"
        ),
        Twins(
            "a quotient that is kept as an integer",
            """
            @PythonActor func use(_ object: PythonObject) throws {
                let half = try object.count / 2
                let _: {{PythonObject||Int}} = half
            }
            """,
            refused: "cannot convert value of type 'PythonObject' to specified type 'Int'"
        ),
        Twins(
            "a comparison off the actor, with the object on the right",
            """
            {{@PythonActor||}} func use(_ object: PythonObject) throws -> Bool { try 4 > object }
            """,
            refused: "'PythonActor'-isolated"
        ),
        Twins(
            "a comparison with nil off the actor",
            "{{@PythonActor||}} func use(_ object: PythonObject) -> Bool { object == nil }",
            refused: "'PythonActor'-isolated"
        ),
        Twins(
            "an enum without raw values",
            "enum Level{{: String, PythonConvertible||: PythonConvertible}} { case low }",
            refused: "does not conform to protocol 'ConvertibleToPython'"
        ),
    ]

    static let isolation = [
        Twins(
            "another actor's function",
            "{{@PythonActor||@MainActor}} func use(_ object: PythonObject) throws { try object() }",
            refused: "'PythonActor'-isolated"
        ),
        Twins(
            "a method of an actor",
            """
            actor Other {
                {{@PythonActor||}} func use(_ object: PythonObject) throws { try object() }
            }
            """,
            refused: "'PythonActor'-isolated"
        ),
        Twins(
            "a detached task",
            """
            func use(_ object: PythonObject) {
                Task.detached { {{@PythonActor in||}} try Python.len(object) }
            }
            """,
            refused: "'PythonActor'-isolated"
        ),
        Twins(
            "after the closure that holds it has left the actor",
            """
            func use(_ object: PythonObject) async throws {
                {{_ = try await PythonActor.run||_ = try await Task.detached}}
                { try Python.len(object) }{{||.value}}
            }
            """,
            refused: "'PythonActor'-isolated"
        ),
        Twins(
            "awaiting without await",
            """
            @PythonActor func use(_ object: PythonObject) async throws {
                _ = try {{await||}} object.awaited()
            }
            """,
            refused: "expression is 'async' but is not marked with 'await'"
        ),
        Twins(
            "awaiting off the actor, without await",
            """
            func use(_ object: PythonObject) async throws {
                _ = try {{await||}} object.awaited()
            }
            """,
            refused: "'PythonActor'-isolated"
        ),
        Twins(
            "calling a function of the actor without await",
            """
            @PythonActor func isolated(_ object: PythonObject) throws { try object() }
            func use(_ object: PythonObject) async throws { try {{await||}} isolated(object) }
            """,
            refused: "'PythonActor'-isolated"
        ),
        Twins(
            "blocking inside async code",
            "func use() {{||async}} throws { try PythonActor.runBlocking {} }",
            refused: "await run(_:)"
        ),
        Twins(
            "a conversion without a proof that the GIL is held",
            """
            func use(_ gil: borrowing PythonGIL) throws {
                _ = try 5.pythonReference({{gil||PythonGIL()}})
            }
            """,
            refused: "inaccessible due to 'internal' protection level"
        ),
        Twins(
            "keeping a reference that was lent",
            """
            func use(_ reference: borrowing BorrowedReference) {
                {{_ = reference||let kept = reference; _ = consume kept}}
            }
            """,
            refused: "cannot be consumed"
        ),
    ]

    static let sendability = [
        Twins(
            "holding, capturing and returning are fine, using is not",
            """
            struct Holder: Sendable { let object: PythonObject }
            actor Keeper { var kept: [PythonObject] = []; func keep(_ o: PythonObject) { kept.append(o) } }
            @MainActor func show(_ object: PythonObject) -> PythonObject { object }
            func use(_ object: PythonObject) async throws -> PythonObject {
                let holder = Holder(object: object)
                await Keeper().keep(holder.object)
                return await Task.detached { {{holder.object||try! holder.object.copy()}} }.value
            }
            """,
            refused: "not marked with 'await'"
        ),
        Twins(
            "a Sendable struct holds a Python object, and no plain one",
            "struct Holder: Sendable { let object: {{PythonObject||Plain}} }",
            refused: "non-Sendable type 'Plain'"
        ),
        Twins(
            "returning a plain object from the actor",
            """
            func use() async throws {
                _ = try await PythonActor.run { Plain(){{.count||}} }
            }
            """,
            refused: "'Sendable'"
        ),
        Twins(
            "capturing a plain object in what runs on the actor",
            """
            func use(_ plain: {{Int||Plain}}) async throws {
                try await PythonActor.run { _ = plain }
            }
            """,
            refused: "sending 'plain' risks causing data races"
        ),
        Twins(
            "an exported function that captures a plain object",
            """
            func use(_ plain: {{Int||Plain}}) -> PythonFunction {
                PythonFunction("f") { (text: String) in _ = plain }
            }
            """,
            refused: "non-Sendable type 'Plain'"
        ),
        Twins(
            "an exported function with described parameters that captures a plain object",
            """
            func use(_ plain: {{Int||Plain}}) -> PythonFunction {
                PythonFunction("f", .positional("a"), .keyword("b", default: 1)) {
                    (a: String, b: Int) in _ = plain
                }
            }
            """,
            refused: "non-Sendable type 'Plain'"
        ),
        Twins(
            "a description for each parameter",
            """
            let f = PythonFunction("f", .positional("a"){{, .positional("b")||}}) {
                (a: String, b: Int) in b
            }
            """,
            refused: "have the same shape"
        ),
        Twins(
            "a default of the type that the closure takes",
            """
            let f = PythonFunction("f", .positional("a", default: {{1||"x"}})) { (a: Int) in a }
            """,
            refused: "cannot convert value of type 'String' to expected argument type 'Int'"
        ),
        Twins(
            "an exported function that uses the object it is given, off the actor",
            """
            func use() -> PythonFunction {
                PythonFunction("f") { (object: PythonObject) throws -> Int in
                    {{try PythonActor.runBlocking { try Python.len(object) }||try Python.len(object)}}
                }
            }
            """,
            refused: "'PythonActor'-isolated"
        ),
        Twins(
            "a variable that changes, captured in an exported function",
            """
            func use() -> PythonFunction {
                {{let||var}} count = 0
                {{||count += 1}}
                return PythonFunction("f") { () in print(count) }
            }
            """,
            refused: "captured var 'count' in concurrently-executing code"
        ),
    ]

    static let conformances = [
        Twins(
            "Equatable",
            "@PythonActor func use(_ a: PythonObject) { let _: any {{AnyObject||Equatable}} = a }",
            refused: "'Equatable'"
        ),
        Twins(
            "Equatable, through generic code",
            """
            @PythonActor func use(_ all: [PythonObject]) {
                _ = all.elementsEqual(all{{, by: { $0 === $1 }||}})
            }
            """,
            refused: "'Equatable'"
        ),
        Twins(
            "Hashable",
            "@PythonActor func use(_ a: PythonObject) { let _: {{Array||Set}}<PythonObject> = [a] }",
            refused: "'Hashable'"
        ),
        Twins(
            "Comparable",
            """
            @PythonActor func use(_ all: [PythonObject]) {
                _ = all.sorted{{ { a, b in a.isNone }||()}}
            }
            """,
            refused: "'Comparable'"
        ),
        Twins(
            "Sequence",
            "@PythonActor func use(_ a: PythonObject) { for _ in {{[a]||a}} {} }",
            refused: "'Sequence'"
        ),
        Twins(
            "a literal",
            "@PythonActor func use() { let _: {{Int||PythonObject}} = 5 }",
            refused: "cannot convert value of type 'Int'"
        ),
    ]
}
