// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

@Suite("Codable values become Python data, and come back", .python)
struct CodingTests {
    private func decode<Value: Decodable & Sendable>(
        _ expression: String,
        as type: Value.Type = Value.self,
        coding: PythonCoding = PythonCoding()
    ) async throws -> Value {
        try await PythonActor.run {
            try Python.decode(type, from: ValueConversion.eval(expression), coding: coding)
        }
    }

    private func encoded(_ value: some Encodable & Sendable, _ coding: PythonCoding = .init())
        async throws -> String
    {
        try await PythonActor.run { try Python.repr(Python.encode(value, coding: coding)) }
    }

    @Test("Every kind of value is an object of its own class, and comes back equal")
    func everything() async throws {
        let back = try await PythonActor.run {
            let object = try Python.encode(Everything.sample)
            let expected = try ValueConversion.eval(
                """
                dict(flag=True, small=-5, large=2**64-1, wide=-2**127, ratio=0.1, single=0.5,
                text='a\\0ü', data=b'\\x00\\xff',
                date=datetime.datetime(1970, 1, 1, 0, 0, 1, 500000, utc),
                id=UUID('01020304-0506-0708-090a-0b0c0d0e0f10'), place=Path('/'),
                file=Path('/tmp/x'), price=Decimal('19.99'), span=timedelta(seconds=1.5),
                numbers=[1, 2], names=['n'], byNumber={7: 'seven'}, byID={UUID(int=1): [1]},
                byRole={'user': 1}, nested=[{'x': 1.5, 'y': None}])
                """
            )
            #expect(try Bool(Python.compare(object, .equal, expected)))
            return try Python.decode(Everything.self, from: object)
        }
        #expect(back == .sample)
    }

    @Test("Enums with payloads, numbered keys, nested containers")
    func shapes() async throws {
        let shapes = [Shape.circle(radius: 1.5), .line(1, 2), .point]
        let text = "[{'circle': {'radius': 1.5}}, {'line': {'_0': 1, '_1': 2}}, {'point': {}}]"
        #expect(try await encoded(shapes) == text)
        #expect(try await decode(text, as: [Shape].self) == shapes)
        let numbered = Numbered(first: "a", second: "b")
        #expect(try await encoded(numbered) == "{'first': 'a', 'second': 'b'}")
        #expect(try await decode("{'first': 'a', 'second': 'b'}") == numbered)
        let flattened = Flattened(inner: 1, pair: [2, 3])
        #expect(try await encoded(flattened) == "{'outer': {'inner': 1}, 'list': [[2, 3]]}")
        #expect(try await decode("{'outer': {'inner': 1}, 'list': [[2, 3]]}") == flattened)
    }

    @Test("A class encodes what it inherits under super, in its place")
    func inheritance() async throws {
        try await PythonActor.run {
            let object = try Python.encode(Dog(name: "Rex", trick: "sit"))
            #expect(try Python.repr(object) == "{'super': {'name': 'Rex'}, 'trick': 'sit'}")
            let dog = try Python.decode(Dog.self, from: object)
            #expect((dog.name, dog.trick) == ("Rex", "sit"))
        }
    }

    @Test("Single values, None and empty containers at the top")
    func top() async throws {
        #expect(try await encoded(Role.user) == "'user'")
        #expect(try await encoded(nil as Int?) == "None")
        #expect(try await encoded([String: Int]()) == "{}")
        #expect(try await encoded([Int]()) == "[]")
        #expect(try await decode("None", as: Int?.self) == nil)
        #expect(try await decode("'assistant'", as: Role.self) == .assistant)
        #expect(try await decode("{}", as: [Role: Int].self) == [:])
    }

    @Test("Wide integers cross alone, in lists and under keys")
    func wideIntegers() async throws {
        struct Single: Codable, Hashable {
            let number: Int128
            init(_ number: Int128) { self.number = number }
            init(from decoder: any Decoder) throws {
                number = try decoder.singleValueContainer().decode(Int128.self)
            }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                try container.encode(number)
            }
        }
        let text = String(describing: Int128.max)
        #expect(try await encoded(Single(.max)) == text)
        #expect(try await decode(text, as: Single.self) == Single(.max))
        #expect(try await encoded([UInt128.max]) == "[\(UInt128.max)]")
        #expect(try await decode("[2**128 - 1]", as: [UInt128].self) == [.max])
    }

    @Test("Keys are spelled in snake case, those of dictionaries are not")
    func snakeCase() async throws {
        let coding = PythonCoding(keys: .snakeCase)
        let value = Snake(maxTokens: 1, baseURL: "u", byName: ["keyName": 2])
        let text = "{'max_tokens': 1, 'base_url': 'u', 'by_name': {'keyName': 2}}"
        #expect(try await encoded(value, coding) == text)
        #expect(try await decode(text, coding: coding) == value)
        let shout = PythonCoding(
            keys: .custom(toPython: { $0.uppercased() }, toSwift: { $0.lowercased() })
        )
        #expect(try await encoded(Shape.circle(radius: 1), shout) == "{'CIRCLE': {'RADIUS': 1.0}}")
        #expect(try await decode("{'POINT': {}}", as: Shape.self, coding: shout) == .point)
    }

    @Test(
        "Mappings, named tuples, data classes and objects with attributes have keys",
        arguments: [
            "{'role': 'user', 'content': 'Hi', 'name': None, 'more': 1}",
            "types.MappingProxyType({'role': 'user', 'content': 'Hi'})",
            "collections.UserDict(role='user', content='Hi')",
            "types.SimpleNamespace(role='user', content='Hi')",
            "collections.namedtuple('Message', 'role content')('user', 'Hi')",
            "__import__('dataclasses').make_dataclass('M', ['role', 'content'])('user', 'Hi')",
            "__import__('dataclasses').make_dataclass('M', ['role', 'content'], slots=True)"
                + "('user', 'Hi')",
            "type('M', (), {'role': 'user', 'content': property(lambda self: 'Hi')})()",
        ]
    )
    func attributes(_ expression: String) async throws {
        #expect(try await decode(expression) == Message(role: .user, content: "Hi"))
    }

    @Test("Objects with attributes tell which keys they have")
    func keysOfAttributes() async throws {
        let point = "collections.namedtuple('S', 'point')({})"
        #expect(try await decode(point, as: Shape.self) == .point)
        let circle = "types.SimpleNamespace(circle=types.SimpleNamespace(radius=2))"
        #expect(try await decode(circle, as: Shape.self) == .circle(radius: 2))
    }

    @Test(
        "Lists are any sized collection",
        arguments: [
            "[1]", "(1,)", "{1}", "frozenset([1])", "range(1, 2)", "collections.deque([1])",
            "{1: 2}.keys()", "__import__('array').array('i', [1])",
        ]
    )
    func lists(_ expression: String) async throws {
        #expect(try await decode(expression, as: [Int].self) == [1])
        #expect(try await decode(expression, as: Set<Int>.self) == [1])
    }

    @Test("A Codable type crosses in functions, calls and collections")
    func conversions() async throws {
        try await Python.register(
            PythonModule("coded_functions") {
                PythonFunction("answer") { (messages: [Message], count: PythonCoded<[Role: Int]>) in
                    Message(
                        role: .assistant,
                        content: "\(messages.count) \(count.value)",
                        name: nil
                    )
                }
            }
        )
        try await PythonActor.run {
            let module = try Python.import("coded_functions")
            let ask = Message(role: .user, content: "?")
            let counts = PythonCoded([Role.user: 1])
            let answer: Message = try module.answer([ask], counts)
            #expect(answer == Message(role: .assistant, content: "1 [AmaruTests.Role.user: 1]"))
            let list = try Python.eval("[{'role': 'user', 'content': 1}]")
            let wrong = #expect(throws: PythonException.self) { try module.answer(list, counts) }
            #expect(wrong?.message.hasSuffix("[0].content: expected str, found int") == true)
        }
    }

    @Test("A thread that Python made encodes and decodes too")
    func foreignThread() async throws {
        try await Python.register(
            PythonModule("coded_threads") { PythonFunction("same") { (each: Message) in each } }
        )
        let result = try await runAlone(
            """
            import coded_threads, concurrent.futures
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                given = [{'role': 'user', 'content': str(n)} for n in range(200)]
                same = list(pool.map(coded_threads.same, given))
            same == given
            """
        )
        #expect(try await PythonActor.run { try Bool(result) })
    }
}
