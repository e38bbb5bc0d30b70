// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

/// Each in a process of its own: the number of blocks is that of the process.
@Suite("No use of a Swift class leaks", .serialized, .timeLimit(.minutes(5)))
struct ClassLeakTests {
    @Test("Counts and memory are the same after many rounds", arguments: ClassUse.allCases)
    func use(_ use: ClassUse) async {
        await #expect(processExitsWith: .success) { [use = use as ClassUse] in
            let fixture = try await LeakFixture()
            try await Python.register(ClassFixture.module)
            try await PythonActor.run {
                try Python.exec(ClassUse.prelude + use.loop, globals: fixture.namespace)
            }
            let rounds = leakRounds(use.rounds)
            try await use.repeated(rounds / 10, fixture)
            var growth: [String] = []
            var isFlat = false
            // What caches keep after a peak grows once, what leaks grows each time.
            for _ in 0..<4 where !isFlat {
                let before = try await (fixture.measure(), ClassUse.counts(fixture))
                try await use.repeated(rounds, fixture)
                let after = try await (fixture.measure(), ClassUse.counts(fixture))
                let grown = after.0.growth(since: before.0)
                isFlat = grown.isFlat(over: rounds, slack: use.slack) && after.1 == before.1
                growth.append("\(grown) \(before.1) \(after.1)")
            }
            #expect(isFlat, "\(growth)")
        }
    }
}

/// A way to use a Swift class in Python, to be repeated.
enum ClassUse: String, CaseIterable, Codable, Sendable {
    case creation, refusedCreation, reinitialisation, subclass, method, refusedMethod, error
    case property, refusedProperty, operation, refusedOperation, items, refusedItem, iteration
    case abandonedIteration, context, memory, pickling, weakReference, cycle, conversion
    case asyncMethod, asyncContext, call, staticMethod, wrapper

    var rounds: Int {
        switch self {
        case .creation, .method, .property, .subclass: 100_000
        default: 20_000
        }
    }

    /// The bytes that each round may seem to keep, as for `Crossing`.
    var slack: Int {
        switch self {
        case .asyncMethod, .asyncContext: 100
        default: 12
        }
    }

    static let prelude = """
        from fixture_classes import *
        import copy, gc, sys, weakref
        counted = [Counter, LoudCounter, Sealed, Vector, Names, Store, Countdown, Session, Samples,
                   Node]
        class Sub(Counter):
            def __init__(self, n):
                super().__init__(n)
                self.me = [n]
        class Late(Counter):
            def __init__(self): pass
        counted += [Sub, Late]
        def counts(): return [sys.getrefcount(each) for each in counted]
        c, v, w, n, s = Counter(1), Vector(1, 2), Vector(3, 4), Names(['a', 'b']), Store()
        def refuse(body):
            try: body()
            except Exception: return
            raise AssertionError('nothing was raised')

        """

    /// The function `use(rounds)`.
    var loop: String {
        let body =
            switch self {
            case .creation: "Counter(5)"
            case .refusedCreation: "refuse(lambda: Counter('x')); refuse(lambda: Counter(-1))"
            case .reinitialisation:
                "x = Counter.__new__(Counter); x.__init__(1); refuse(lambda: x.__init__(2))"
            case .subclass: "Sub(3).add(1); Late()"
            case .method: "c.add(1); c.this(); c.merge(c); c.reset()"
            case .refusedMethod: "refuse(lambda: c.add('x')); refuse(lambda: c.add())"
            case .error: "refuse(lambda: c.fail(3)); refuse(lambda: c.broken)"
            case .property: "c.value = c.double; c.value = 1"
            case .refusedProperty:
                """
                try: c.value = 'x'
                    except TypeError: pass
                    try: del c.value
                    except AttributeError: pass
                """
            case .operation: "v + w; v * 2; 2 * v; v == w; hash(v); -v; repr(v)"
            case .refusedOperation: "v == 1; v.__add__(1)"
            case .items: "n[0] = n[-1]; n[:]; s['k'] = 1; s['k']; 'k' in s; del s['k']; len(n)"
            case .refusedItem: "refuse(lambda: n[9]); refuse(lambda: s['no'])"
            case .iteration: "list(s); list(Countdown(2)); list(squares(3))"
            case .abandonedIteration: "next(squares(3)); next(iter(Countdown(2)))"
            case .context:
                """
                session = Session()
                    with session: pass
                    with session: raise KeyError('k')
                """
            case .memory: "m = memoryview(Samples(4)); m[0] = 1; m.release(); bytes(Samples(1))"
            case .pickling: "copy.copy(c); copy.deepcopy(Sub(1))"
            case .weakReference: "x = Counter(1); r = weakref.ref(x, lambda r: None); del x; r()"
            case .cycle: "x = Node(); x.next = [x]; x = Sub(1); x.me = x"
            case .call: "c(5)"
            case .staticMethod: "Counter.zero(); Counter.described(1); Sub.described(1)"
            case .asyncMethod: "await c.later(1); await c.at_once(2)"
            case .asyncContext:
                """
                session = Session()
                    async with session: pass
                """
            case .conversion, .wrapper: "pass"
            }
        return """
            \(isAsynchronous ? "async " : "")def use(rounds):
              for _ in range(rounds):
                \(body)

            """
    }

    private var isAsynchronous: Bool { self == .asyncMethod || self == .asyncContext }

    static func counts(_ fixture: LeakFixture) async throws -> [Int] {
        let references = try await PythonActor.run {
            try fixture.namespace["counts"]() as [Int]
        }
        return references + ["Counter", "Samples", "Node"].map(ClassFixture.Census.living)
    }

    func repeated(_ rounds: Int, _ fixture: LeakFixture) async throws {
        switch self {
        case .asyncMethod, .asyncContext:
            _ = try await Python.run("await use(\(rounds))", globals: fixture.namespace)
        case .conversion:
            let kept = ClassFixture.Counter(1)
            try await PythonActor.run {
                for _ in 0..<rounds {
                    let object = try PythonObject(ClassFixture.Counter(1))
                    _ = try object.converted(to: ClassFixture.Counter.self)
                    _ = try PythonObject(kept)
                    _ = try? object.converted(to: ClassFixture.Vector.self)
                }
            }
        case .wrapper:
            let object = try await PythonActor.run { try fixture.namespace["c"] as PythonObject }
            try await PythonActor.run {
                for _ in 0..<rounds {
                    let adder = try object.converted(to: PythonAdder.self)
                    _ = try adder.add(1)
                    _ = try? PythonObject(5).converted(to: PythonAdder.self)
                }
            }
        default:
            try await PythonActor.run {
                _ = try fixture.namespace["use"](rounds) as PythonObject
            }
        }
    }
}
