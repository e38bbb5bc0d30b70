// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

@Suite("What cannot be coded is refused with its path", .python)
struct RefusedCodingTests {
    @PythonActor
    private static func expect(
        _ expression: String,
        _ type: (some Decodable).Type,
        _ message: String
    ) throws {
        let object = try ValueConversion.eval(expression)
        let error = #expect(throws: PythonConversionError.self) {
            _ = try Python.decode(type, from: object)
        }
        #expect(error?.description == message)
    }

    @Test(
        "Wrong types, missing keys and values that do not fit",
        arguments: [
            (
                "{'messages': [{'role': 'user', 'content': 'a'}] * 2 + [{'role': 'user', "
                    + "'content': []}], 'model': 'm'}",
                "messages[2].content: expected str, found list"
            ),
            (
                "{'messages': [{'role': 'user'}], 'model': 'm'}",
                "messages[0]: key 'content' is missing"
            ),
            (
                "{'messages': [types.SimpleNamespace(role='user')], 'model': 'm'}",
                "messages[0]: types.SimpleNamespace has no attribute 'content'"
            ),
            (
                "{'messages': [{'role': 'robot', 'content': ''}], 'model': 'm'}",
                "messages[0].role: Cannot initialize Role from invalid String value robot"
            ),
            ("{'messages': {}, 'model': 'm'}", "messages: expected list, found dict"),
            ("{'messages': 'text', 'model': 'm'}", "messages: expected list, found str"),
            (
                "{'messages': (x for x in ()), 'model': 'm'}",
                "messages: expected list, found generator"
            ),
            ("{'messages': [], 'model': None}", "model: expected str, found NoneType"),
            (
                "{'messages': [], 'model': 'm', 'max_tokens': True}",
                "max_tokens: expected int, found bool"
            ),
            (
                "{'messages': [], 'model': '\\ud800'}",
                "model: str holds a lone surrogate, which has no UTF-8"
            ),
            ("{'messages': [()], 'model': 'm'}", "messages[0]: expected dict, found tuple"),
            ("[]", "expected dict, found list"),
            ("None", "expected dict, found NoneType"),
        ]
    )
    func request(_ expression: String, _ message: String) async throws {
        try await PythonActor.run { try Self.expect(expression, Request.self, message) }
    }

    @Test("Values inside are as strict as they are alone")
    func values() async throws {
        try await PythonActor.run { () throws in
            try Self.expect("[300]", [Int8].self, "[0]: int does not fit in Int8")
            try Self.expect("[1, -1]", [UInt].self, "[1]: int does not fit in UInt")
            try Self.expect("[float('nan')]", [Int].self, "[0]: expected int, found float")
            try Self.expect(
                "{'a': 1.5}",
                [String: Date].self,
                "[a]: expected datetime, found float"
            )
            try Self.expect("{1: 1}", [String: Int].self, " key: expected str, found int")
            try Self.expect(
                "types.SimpleNamespace(a=1)",
                [String: Int].self,
                "expected dict, found types.SimpleNamespace"
            )
            try Self.expect(
                "{'\\u00e9': 1, 'e\\u0301': 2}",
                [String: Int].self,
                "two keys of the dict are e\u{301} in Swift"
            )
            try Self.expect(
                "{'outer': {}, 'list': []}",
                Flattened.self,
                "outer: key 'inner' is missing"
            )
            try Self.expect(
                "{'outer': {'inner': 'x'}, 'list': []}",
                Flattened.self,
                "outer.inner: expected int, found str"
            )
            try Self.expect(
                "{'outer': {'inner': 1}, 'list': [[2, 'x']]}",
                Flattened.self,
                "list[0][1]: expected int, found str"
            )
            try Self.expect(
                "{'outer': {'inner': 1}, 'list': []}",
                Flattened.self,
                "list: there are only 0 items, and another one is expected"
            )
            try Self.expect(
                "{'trick': 'sit', 'super': {'name': 1}}",
                Dog.self,
                "super.name: expected str, found int"
            )
        }
    }

    @Test("A list or dict that contains itself ends at the limit")
    func cycles() async throws {
        struct Chain: Decodable { let next: [String: Chain] }
        try await PythonActor.run { () throws in
            let list = try ValueConversion.eval("[]")
            try list.append(list)
            let error = #expect(throws: PythonConversionError.self) {
                _ = try Python.decode(Node.self, from: list)
            }
            #expect(error?.reason == "nested more than 256 levels deep: does it contain itself?")
            let dict = try ValueConversion.eval("{'next': {}}")
            let next: PythonObject = try dict["next"]
            try next.setItem("a", to: dict)
            let other = #expect(throws: PythonConversionError.self) {
                _ = try Python.decode(
                    Chain.self,
                    from: dict,
                    coding: PythonCoding(depthLimit: 10)
                )
            }
            #expect(other?.reason == "nested more than 10 levels deep: does it contain itself?")
            #expect(other?.description.hasPrefix("next[a].next[a]") == true)
            // What is deep but ends is read.
            let deep = try ValueConversion.eval("[[[[[[[[[[]]]]]]]]]]")
            #expect(try Python.decode(Node.self, from: deep).children.count == 1)
        }
    }

    @Test("An object of Swift that refers to itself ends at the limit")
    func cyclicObject() async throws {
        try await PythonActor.run { () throws in
            let node = Node()
            node.children = [node]
            let error = #expect(throws: PythonConversionError.self) {
                _ = try Python.encode(node)
            }
            #expect(error?.reason == "nested more than 256 levels deep: does it contain itself?")
            node.children = []
        }
    }

    @Test("An exception of a property, and an error of the type itself, arrive as they are")
    func foreignErrors() async throws {
        struct Own: Error, Equatable {}
        struct Failing: Codable {
            init() {}
            init(from decoder: any Decoder) throws { throw Own() }
            func encode(to encoder: any Encoder) throws { throw Own() }
        }
        try await PythonActor.run { () throws in
            let raising = try ValueConversion.eval(
                "type('M', (), {'role': property(lambda self: 1 / 0)})()"
            )
            let error = #expect(throws: PythonException.self) {
                _ = try Python.decode(Message.self, from: raising)
            }
            #expect(error?.isInstance(of: "ZeroDivisionError") == true)
            #expect(throws: Own.self) {
                _ = try Python.decode([Failing].self, from: ValueConversion.eval("[1]"))
            }
            #expect(throws: Own.self) { _ = try Python.encode([Failing()]) }
        }
    }

    @Test("Values that Python cannot hold name their path")
    func encoding() async throws {
        struct Item: Encodable {
            enum CodingKeys: CodingKey { case inner }
            enum InnerKeys: CodingKey { case dates }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: CodingKeys.self)
                var inner = container.nestedContainer(keyedBy: InnerKeys.self, forKey: .inner)
                try inner.encode([Date.now, Date(timeIntervalSince1970: 1e300)], forKey: .dates)
            }
        }
        struct Silent: Encodable { func encode(to encoder: any Encoder) {} }
        struct Twofold: Encodable {
            func encode(to encoder: any Encoder) throws {
                var list = encoder.unkeyedContainer()
                try list.encode(1)
                var keyed = encoder.container(keyedBy: Numbered.CodingKeys.self)
                try keyed.encode("x", forKey: .first)
            }
        }
        try await PythonActor.run { () throws in
            for (value, message) in [
                (
                    [Item()],
                    "[0].inner.dates[1]: the date is outside the years 1 to 9999, which datetime has"
                ),
                ([Silent()], "[0]: Silent encoded nothing"),
                (Twofold(), "a value is encoded in two kinds of container"),
            ] as [(any Encodable, String)] {
                let error = #expect(throws: PythonConversionError.self) {
                    _ = try Python.encode(value)
                }
                #expect(error?.description == message)
            }
            #expect(throws: PythonException.self) {
                _ = try Python.encode([[1]: 2])  // A list is no key.
            }
        }
    }

    @Test("A container that is kept for later throws")
    func keptContainer() async throws {
        final class Keeper: Encodable, Decodable {
            var encoder: (any SingleValueEncodingContainer)?
            var decoder: (any UnkeyedDecodingContainer)?
            init() {}
            init(from decoder: any Decoder) throws { self.decoder = try decoder.unkeyedContainer() }
            func encode(to encoder: any Encoder) throws {
                self.encoder = encoder.singleValueContainer()
                try self.encoder?.encode(1)
            }
        }
        try await PythonActor.run {
            let keeper = Keeper()
            _ = try Python.encode(keeper)
            #expect(throws: PythonConversionError.self) { try keeper.encoder?.encode(2) }
            let kept = try Python.decode(Keeper.self, from: PythonObject([1]))
            #expect(throws: PythonConversionError.self) { try kept.decoder?.decode(Int.self) }
        }
    }
}
