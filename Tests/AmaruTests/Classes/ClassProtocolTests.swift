// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Python's protocols in Swift classes", .python)
struct ClassProtocolTests {
    @Test(
        "Operators, reflected and in place, with operands of several types",
        arguments: [
            ("v + w", "Vector(4.0, 6.0)"),
            ("v - w", "Vector(-2.0, -2.0)"),
            ("v * 2", "Vector(2.0, 4.0)"),
            ("2 * v", "Vector(2.0, 4.0)"),
            ("v * w", "11.0"),
            ("10 - v", "Vector(9.0, 8.0)"),
            ("v / 2", "Vector(0.5, 1.0)"),
            ("v // 2", "'1.0 // 2'"),
            ("v % 3", "'1.0 % 3'"),
            ("v ** 3", "'1.0 ** 3'"),
            ("v @ w", "-2.0"),
            (
                "[v & 1, v | 1, v ^ 1, v << 1, v >> 1]",
                "['1.0 & 1', '1.0 | 1', '1.0 ^ 1', '1.0 << 1', '1.0 >> 1']"
            ),
            ("divmod(v, 3)", "(1.0, 3)"),
            ("[-v, abs(Vector(3, 4)), ~v]", "[Vector(-1.0, -2.0), 5.0, Vector(2.0, 1.0)]"),
            ("+v is v", "True"),
            (
                "[bool(v), bool(Vector(0, 0)), int(v), float(v), 'abc'[v]]",
                "[True, False, 1, 1.0, 'b']"
            ),
            ("v += w; v", "Vector(4.0, 6.0)"),
            ("[str(v), f'{v}']", "['(1.0 | 2.0)', '(1.0 | 2.0)']"),
            (
                "v == Vector(1, 2), v != Vector(1, 2), v == w, v == 1, v != 'x'",
                "(True, False, False, False, True)"
            ),
            ("[v < w, v <= w, v > w, v >= w]", "[True, True, False, False]"),
            ("sorted([w, v])", "[Vector(1.0, 2.0), Vector(3.0, 4.0)]"),
            ("hash(v) == hash(Vector(1, 2)), {v: 5}[Vector(1, 2)]", "(True, 5)"),
            ("hash(v) == hash('[1.0, 2.0]')", "True"),
            ("v.__add__(1) is NotImplemented", "True"),
        ]
    )
    func operators(source: String, expected: String) async throws {
        let prelude = "v, w = Vector(1, 2), Vector(3, 4)\n"
        #expect(try await ClassFixture.run(prelude + source) == expected)
    }

    @Test(
        "Operands that do not fit",
        arguments: [
            ("v + 1", "TypeError: unsupported operand type(s) for +: 'Vector' and 'int'"),
            ("1 + v", "TypeError: unsupported operand type(s) for +: 'int' and 'Vector'"),
            ("v < 1", "TypeError: '<' not supported between instances of 'Vector' and 'int'"),
            ("v // 300", "TypeError: unsupported operand type(s) for //: 'Vector' and 'int'"),
            ("v.__add__()", "TypeError: __add__() takes exactly one argument (0 given)"),
            ("pow(v, 2, 3)", "TypeError: __pow__() takes exactly one argument (2 given)"),
            (
                "len(v)",
                "TypeError: object of type 'Vector' has no len()"
            ),
        ]
    )
    func refusedOperands(source: String, message: String) async throws {
        let failure = try await ClassFixture.failure("v = Vector(1, 2)\n" + source)
        #expect(failure.replacing("fixture_classes.", with: "") == message)
    }

    @Test("The other operand's reflected operator is tried")
    func foreignOperand() async throws {
        let value = try await ClassFixture.run(
            """
            class Other:
                def __radd__(self, left): return ('radd', left)
                def __eq__(self, other): return 'eq'
            [Vector(1, 2) + Other(), Vector(1, 2) == Other()]
            """
        )
        #expect(value == "[('radd', Vector(1.0, 2.0)), 'eq']")
    }

    @Test(
        "An operand that does not convert, for whatever reason, is left to the other one",
        arguments: [
            ("number == 2**100", "False"), ("number != 2**100", "True"),
            ("2**100 in [number]", "False"), ("number == '\\ud800'", "False"),
            ("number + 2**100", "TypeError"), ("number < 2**100", "TypeError"),
            ("number == 3", "True"),
        ]
    )
    func operandOutOfRange(expression: String, result: String) async throws {
        final class Number: PythonClassInstance {
            static let pythonClass = PythonClass(Number.self) {
                PythonInitializer { () in Number() }
                PythonOperator(.equal) { (_, b: String) in b == "3" }
                PythonOperator(.equal) { (_, b: Int) in b == 3 }
                PythonOperator(.add) { (_, b: Int) in b }
                PythonOperator(.less) { (_, b: Int) in b > 3 }
            }
        }
        try await Python.register(PythonModule("operand_class") { Number.pythonClass })
        let value = try await runAlone(
            """
            from operand_class import Number
            number = Number()
            try:
                result = repr(\(expression))
            except Exception as error:
                result = type(error).__name__
            result
            """
        )
        #expect(try await PythonActor.run { try String(value) } == result)
    }

    @Test("A class with equality and without hash cannot be hashed")
    func unhashable() async throws {
        final class Equal: PythonClassInstance {
            static let pythonClass = PythonClass(Equal.self) {
                PythonInitializer { () in Equal() }
                PythonOperator(.equal) { (_, _: Equal) in true }
            }
        }
        try await Python.register(PythonModule("unhashable_class") { Equal.pythonClass })
        let error = await #expect(throws: PythonException.self) {
            try await runAlone("import unhashable_class\nhash(unhashable_class.Equal())")
        }
        #expect(error?.message.contains("unhashable type") == true)
    }

    @Test(
        "Items by index",
        arguments: [
            ("[len(n), n[0], n[2], n[-1], n[-3]]", "[3, 'a', 'c', 'c', 'a']"),
            ("[n[1:], n[::-1], n[:0], n[::2]]", "[['b', 'c'], ['c', 'b', 'a'], [], ['a', 'c']]"),
            ("n[1] = 'x'; n[-1] = 'y'; list(n)", "['a', 'x', 'y']"),
            ("del n[0]; list(n)", "['b', 'c']"),
            ("n += ['d']; list(n), type(n) is Names", "(['a', 'b', 'c', 'd'], True)"),
            (
                "['b' in n, 'z' in n, list(reversed(n)), n[True]]",
                "[True, False, ['c', 'b', 'a'], 'b']"
            ),
            ("bool(n), bool(Names([]))", "(True, False)"),
        ]
    )
    func items(source: String, expected: String) async throws {
        #expect(try await ClassFixture.run("n = Names(['a', 'b', 'c'])\n" + source) == expected)
    }

    @Test(
        "Wrong items",
        arguments: [
            ("n[3]", "IndexError: Names index out of range"),
            ("n[-4]", "IndexError: Names index out of range"),
            ("n[10**30]", "IndexError: cannot fit 'int' into an index-sized integer"),
            ("n['x']", "TypeError: 'str' object cannot be interpreted as an integer"),
            ("n[0] = 5", "TypeError: Names[…]: expected str, found int"),
            ("n[7] = 'x'", "IndexError: Names index out of range"),
            ("del n[7]", "IndexError: Names index out of range"),
            ("n[::0]", "ValueError: slice step cannot be zero"),
            ("s['no']", "KeyError: 'no'"),
            ("del s['no']", "KeyError: 'no'"),
            ("s[1]", "TypeError: Store key: expected str, found int"),
            ("s['a'] = 'x'", "TypeError: Store[a]: expected int, found str"),
        ]
    )
    func wrongItems(source: String, message: String) async throws {
        let prelude = "n, s = Names(['a', 'b', 'c']), Store()\n"
        #expect(try await ClassFixture.failure(prelude + source) == message)
    }

    @Test("Items by key")
    func mapping() async throws {
        let value = try await ClassFixture.run(
            """
            s = Store()
            s['b'] = 1; s['a'] = 2
            before = [len(s), s['b'], 'a' in s, 'z' in s, 5 in s, list(s)]
            del s['a']
            before + [list(s)]
            """
        )
        #expect(value == "[2, 1, True, False, False, ['a', 'b'], ['b']]")
    }

    @Test(
        "Iteration",
        arguments: [
            ("list(Countdown(3))", "[2, 1, 0]"),
            (
                "c = Countdown(2); [next(c), next(c), next(c, 'end'), iter(c) is c]",
                "[1, 0, 'end', True]"
            ),
            (
                "[1 in Countdown(3), 5 in Countdown(3), 'x' in Countdown(3)]",
                "[True, False, False]"
            ),
            ("list(squares(4)), list(squares(0))", "([0, 1, 4, 9], [])"),
            (
                "i = squares(1); [iter(i) is i, next(i), next(i, 'end'), next(i, 'end')]",
                "[True, 0, 'end', 'end']"
            ),
            ("s = Store(); s['b'] = 1; s['a'] = 2; [x async for x in s]", "[2, 1]"),
        ]
    )
    func iteration(source: String, expected: String) async throws {
        #expect(try await ClassFixture.run(source) == expected)
    }

    @Test("A context manager sees the error that leaves its block, and may end it")
    func contextManager() async throws {
        let value = try await ClassFixture.run(
            """
            s = Session()
            with s as inner: same = inner is s
            with s: raise KeyError('k')
            try:
                with s: raise ValueError('v')
            except ValueError as error: caught = str(error)
            try:
                with s: Counter(1).fail(3)
            except RuntimeError: pass
            [same, caught, s.events]
            """
        )
        #expect(
            value == """
                [True, 'v', ['enter', 'exit -', 'enter', "exit KeyError: 'k'", 'enter', \
                'exit ValueError: v', 'enter', 'exit CounterError(code: 3)']]
                """
        )
    }

    @Test("An asynchronous context manager")
    func asyncContextManager() async throws {
        let value = try await ClassFixture.run(
            """
            s = Session()
            async with s as inner: same = inner is s
            async with s: Counter(1).fail(5)
            try:
                async with s: raise ValueError('v')
            except ValueError: pass
            [same, s.events]
            """
        )
        #expect(
            value == """
                [True, ['aenter', 'aexit -', 'aenter', 'aexit CounterError(code: 5)', 'aenter', \
                'aexit ValueError: v']]
                """
        )
    }

    @Test("Memory is lent without a copy, typed, and given back")
    func memory() async throws {
        let value = try await ClassFixture.run(
            """
            s = Samples(3)
            view = memoryview(s)
            facts = [view.format, view.itemsize, view.shape, view.strides, view.nbytes,
                     view.readonly, view.contiguous, s.views]
            view[0], view[2] = 1.5, 4
            part = view[1:]
            part[0] = 10
            facts += [s.sum(), view.tolist(), bytes(s)[:8] == bytes(view[:1])]
            del part; view.release()
            empty = memoryview(Samples(0))
            facts + [s.views, empty.shape, empty.tolist()]
            """
        )
        #expect(
            value == "['d', 8, (3,), (8,), 24, False, True, 1, 15.5, [1.5, 10.0, 4.0], True, 0, "
                + "(0,), []]"
        )
    }

    @Test("A view keeps its instance alive")
    func viewKeepsInstance() async throws {
        let value = try await ClassFixture.run(
            """
            view = memoryview(Samples(2))
            gc.collect()
            view[1] = 3
            view.tolist()
            """
        )
        #expect(value == "[0.0, 3.0]")
    }

    @Test("Read-only memory refuses a writable view")
    func readOnlyMemory() async throws {
        final class Text: PythonClassInstance {
            static let bytes: StaticString = "swift"
            static let pythonClass = PythonClass(Text.self) {
                PythonInitializer { () in Text() }
                PythonMemory { _ in
                    UnsafeRawBufferPointer(start: bytes.utf8Start, count: bytes.utf8CodeUnitCount)
                }
            }
        }
        try await Python.register(PythonModule("readonly_memory") { Text.pythonClass })
        let value = try await runAlone(
            """
            import ctypes, readonly_memory
            text = readonly_memory.Text()
            try: ctypes.c_char.from_buffer(text)
            except (TypeError, BufferError) as error: refused = type(error).__name__
            [bytes(text), memoryview(text).readonly, refused]
            """
        )
        let shown = try await PythonActor.run { try Python.repr(value) }
        #expect(shown == "[b'swift', True, 'TypeError']" || shown.contains("BufferError"))
    }
}
