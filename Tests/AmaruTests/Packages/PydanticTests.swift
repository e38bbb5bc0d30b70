// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

@Suite("pydantic", .packages, .timeLimit(.minutes(5)))
struct PydanticTests {
    struct Item: Equatable {
        let name: String
        let price: Double
        let tags: [String]
    }

    private static let source = """
        from typing import Annotated
        from pydantic import AfterValidator, BaseModel, Field

        class Item(BaseModel):
            name: str = Field(min_length=2)
            price: float = Field(gt=0)
            tags: list[str] = []

        class Order(BaseModel):
            number: int
            items: list[Item]
        """

    @PythonActor
    private static func models() throws -> PythonObject {
        let namespace = try PythonObject(["__name__": "models"])
        try Python.exec(source, globals: namespace)
        return namespace
    }

    @Test("A model is made of a dictionary and read back as Swift's values")
    func roundTrip() async throws {
        let item = try await PythonActor.run {
            let model: PythonObject = try Self.models()["Item"]
            let fields: [String: any ConvertibleToPython & Sendable] = [
                "name": "poncho", "price": 40.5, "tags": ["wool", "red"],
            ]
            let made: PythonObject = try model.model_validate(PythonObject(fields.asPython))
            return Item(
                name: try String(made.name),
                price: try Double(made.price),
                tags: try [String](made.tags)
            )
        }
        #expect(item == Item(name: "poncho", price: 40.5, tags: ["wool", "red"]))
    }

    @Test("Keyword arguments make a model; a change of it and a copy are seen")
    func keywords() async throws {
        try await PythonActor.run {
            let model: PythonObject = try Self.models()["Item"]
            let item: PythonObject = try model(name: "chullo", price: 12)
            #expect(try Double(item.price) == 12)
            try item.setAttribute("price", to: 13.5)
            let other: PythonObject = try item.model_copy(update: ["name": "hat"])
            #expect(
                try String(other.model_dump_json() as PythonObject)
                    == #"{"name":"hat","price":13.5,"tags":[]}"#
            )
            #expect(try item != other)
        }
    }

    @Test("JSON bytes of Swift are validated without a detour, and dumped again")
    func json() async throws {
        let json = Data(#"{"number": 7, "items": [{"name": "poncho", "price": 40}]}"#.utf8)
        try await PythonActor.run {
            let order: PythonObject = try Self.models()["Order"]
            let made: PythonObject = try order.model_validate_json(json)
            #expect(try Int(made.number) == 7)
            let items: [PythonObject] = try made.items.converted()
            #expect(try items.map { try String($0.name) } == ["poncho"])
            let dumped: String = try made.model_dump_json()
            #expect(dumped == #"{"number":7,"items":[{"name":"poncho","price":40.0,"tags":[]}]}"#)
        }
    }

    @Test("Each fault of a validation has its place, kind and input")
    func faults() async throws {
        struct Fault: Equatable {
            let place: String
            let kind: String
        }
        let (faults, message) = try await PythonActor.run {
            let order: PythonObject = try Self.models()["Order"]
            let json = #"{"number": "x", "items": [{"name": "p", "price": -1}, {"price": 2}]}"#
            do {
                _ = try order.model_validate_json(json) as PythonObject
                return ([Fault](), "nothing was thrown")
            } catch let error as PythonException where error.typeName.hasSuffix("ValidationError") {
                #expect(error.isInstance(of: "ValueError"))
                let errors: [PythonObject] = try error.object.errors()
                let faults = try errors.map { fault in
                    let steps: [PythonObject] = try Python.elements(of: fault["loc"])
                    let place = try steps.map { try Python.str($0) }.joined(separator: ".")
                    return Fault(place: place, kind: try String(fault["type"]))
                }
                return (faults, error.message)
            }
        }
        #expect(
            faults == [
                Fault(place: "number", kind: "int_parsing"),
                Fault(place: "items.0.name", kind: "string_too_short"),
                Fault(place: "items.0.price", kind: "greater_than"),
                Fault(place: "items.1.name", kind: "missing"),
            ]
        )
        #expect(message.hasPrefix("4 validation errors for Order"))
    }

    @Test("A Swift closure validates, and what it throws is a fault among the others")
    func validator() async throws {
        struct Odd: PythonExceptionConvertible {
            let number: Int
            var pythonExceptionType: String { "ValueError" }
            var pythonExceptionArguments: [any ConvertibleToPython & Sendable] {
                ["\(number) is odd"]
            }
        }
        try await Python.register(
            PythonModule("swift_validators") {
                PythonFunction("even") { (number: Int) throws -> Int in
                    guard number.isMultiple(of: 2) else { throw Odd(number: number) }
                    return number * 10
                }
            }
        )
        try await PythonActor.run {
            let namespace = try Self.models()
            try Python.exec(
                """
                import swift_validators
                class Pair(BaseModel):
                    left: Annotated[int, AfterValidator(swift_validators.even)]
                    right: Annotated[int, AfterValidator(swift_validators.even)]
                """,
                globals: namespace
            )
            let pair: PythonObject = try namespace["Pair"]
            let good: PythonObject = try pair(left: 2, right: 4)
            #expect(try [Int(good.left), Int(good.right)] == [20, 40])
            do {
                try pair(left: 3, right: 5)
                Issue.record("odd numbers passed")
            } catch let error as PythonException {
                #expect(error.message.contains("3 is odd"))
                #expect(error.message.contains("5 is odd"))
                #expect(try error.object.error_count() == 2)
            }
        }
    }

    @Test("A schema is plain data")
    func schema() async throws {
        let required: [String] = try await PythonActor.run {
            let model: PythonObject = try Self.models()["Item"]
            return try [String]((model.model_json_schema() as PythonObject)["required"])
        }
        #expect(required == ["name", "price"])
    }
}

extension [String: any ConvertibleToPython & Sendable] {
    /// The values as objects, since a dictionary of several types has no type that converts.
    @PythonActor
    var asPython: [String: PythonObject] {
        get throws { try mapValues { try PythonObject($0) } }
    }
}
