// The ways across the bridge, each to be repeated.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

/// A way across the bridge.
enum Crossing: String, CaseIterable, Codable, Sendable {
    case attribute, item, call, keywordCall, iteration, conversion, refusedConversion
    case memberCall, operation, view, context, evaluation, entry
    case typedOperation, literal, namespace, arrayLike, algorithm, closure
    case pythonException, swiftError, exceptionThroughSwift, wrongArguments
    case function, functionOnThread, blockingFunction
    case earlyAwaitable, lateAwaitable, bareAwaitable, failingAwaitable, cancelledAwaitable
    case nestedLoop
    case awaited, awaitedTurn, awaitedFailure, awaitedCancelled
    case synchronousSource, asynchronousSource, failingSource
    case droppedElsewhere, registration

    /// The bytes that each round may seem to keep; the smallest Swift object has 32.
    ///
    /// Where a task ends on another thread than the one that allocated, the C library keeps freed
    /// memory in caches of threads, and counts it as used. What would leak here is a task, or what
    /// it works with, of several hundred bytes.
    var slack: Int {
        switch self {
        case .cancelledAwaitable, .failingAwaitable: 100
        default: 12
        }
    }

    /// How often it is repeated in full: a way that takes a turn of the loop, or a thread, less.
    var fullRounds: Int {
        switch self {
        case .attribute, .item, .call, .keywordCall, .memberCall, .operation, .view, .context,
            .evaluation, .entry, .iteration, .conversion, .function, .wrongArguments,
            .typedOperation, .literal, .arrayLike, .algorithm, .closure:
            100_000
        default:
            20_000
        }
    }

    func repeated(_ rounds: Int, _ fixture: LeakFixture) async throws {
        switch self {
        case .attribute, .item, .call, .keywordCall, .iteration, .conversion, .refusedConversion,
            .pythonException, .registration, .memberCall, .operation, .view, .context,
            .evaluation, .typedOperation, .literal, .namespace, .arrayLike, .algorithm,
            .closure:
            try await PythonActor.run {
                for _ in 0..<rounds { try once(fixture.sentinel) }
            }
        case .entry:
            let sentinel = fixture.sentinel
            try await onThread {
                for _ in 0..<rounds {
                    try Python.withGIL { gil in _ = try gil.makeObject([sentinel, sentinel]) }
                }
            }
        case .function: try await inPython("call_many", rounds, fixture)
        case .functionOnThread: try await inPython("thread_many", rounds, fixture)
        case .blockingFunction: try await inPython("block_many", rounds, fixture)
        case .swiftError: try await inPython("fail_many", rounds, fixture)
        case .exceptionThroughSwift: try await inPython("through_many", rounds, fixture)
        case .wrongArguments: try await inPython("wrong_many", rounds, fixture)
        case .nestedLoop: try await inPython("nested_many", rounds, fixture)
        case .earlyAwaitable: try await inLoop("early_many", rounds, fixture)
        case .lateAwaitable: try await inLoop("late_many", rounds, fixture)
        case .bareAwaitable: try await inLoop("bare_many", rounds, fixture)
        case .failingAwaitable: try await inLoop("late_failure_many", rounds, fixture)
        case .cancelledAwaitable: try await inLoop("cancel_many", rounds, fixture)
        case .awaited: try await awaiting("value", rounds, fixture)
        case .awaitedTurn: try await awaiting("turn", rounds, fixture)
        case .awaitedFailure: try await awaiting("failure", rounds, fixture)
        case .awaitedCancelled:
            for _ in 0..<rounds {
                let task = Task { try await Self.awaitOne("endless", fixture) }
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
            }
        case .synchronousSource:
            try await source("[sentinel]\nsentinel", rounds, fixture)
        case .asynchronousSource:
            try await source("await turn()\nsentinel", rounds, fixture)
        case .failingSource:
            for _ in 0..<rounds {
                await #expect(throws: PythonException.self) {
                    try await Python.run("sentinel.raises()", globals: fixture.namespace)
                }
            }
        case .droppedElsewhere:
            for _ in 0..<rounds {
                _ = try await PythonActor.run { try PythonObject([fixture.sentinel]) }
            }
        }
    }

    /// One round of what needs the actor only.
    @PythonActor
    private func once(_ sentinel: PythonObject) throws {
        switch self {
        case .attribute:
            _ = try sentinel.other as PythonObject
            try sentinel.setAttribute("third", to: sentinel)
            _ = try sentinel.hasAttribute("no_such_attribute")
            try sentinel.deleteAttribute("third")
        case .item:
            _ = try sentinel["key"] as PythonObject
            try sentinel.setItem("key", to: sentinel)
            let items = try sentinel.readAttribute("items")
            try items.setItem("key", to: sentinel)
            _ = try Python.contains(items, "key")
            try items.deleteItem("key")
            _ = try Python.len(items)
        case .call:
            _ = try sentinel(sentinel, 1, "text")
        case .keywordCall:
            _ = try sentinel(sentinel, one: sentinel, other: [sentinel])
        case .iteration:
            let elements = try sentinel.makeIterator()
            while try elements.next() != nil {}
        case .conversion:
            let object = try PythonObject(["a": [1.5, 2], "ü": []])
            _ = try object.converted(to: [String: [Double]].self)
            _ = try PythonObject([sentinel, sentinel]).converted(to: [PythonObject].self)
            _ = try PythonObject(UInt64.max).converted(to: UInt64.self)
        case .refusedConversion:
            _ = try? PythonObject([["1", "2"], ["3"]]).converted(to: [[Int]].self)
            _ = try? sentinel.converted(to: Int.self)
            _ = try? PythonObject(300).converted(to: Int8.self)
            _ = try? PythonObject([1: Refusing(sentinel)])
            _ = try? sentinel(sentinel, x: Refusing(sentinel)) as PythonObject
        case .memberCall:
            _ = try sentinel.__eq__(sentinel) as PythonObject
            _ = try sentinel.__call__(sentinel, 1, one: sentinel, other: [1]) as PythonObject
            _ = try? sentinel.no_such_method(sentinel, k: Refusing(sentinel)) as PythonObject
            _ = try sentinel(1, 2, 3, 4, 5, 6, 7, 8, sentinel) as PythonObject
        case .operation:
            var list = try PythonObject([sentinel])
            try list += [sentinel]
            _ = try list + [1]
            _ = try? list - sentinel
            _ = try list == [sentinel, sentinel]
            _ = try? list[0, 1] as PythonObject
        case .typedOperation:
            let list = try PythonObject([sentinel])
            let both: [PythonObject] = try list + [sentinel]
            _ = both
            let refused: Int? = try? list + [sentinel]
            _ = refused
            _ = try [sentinel] == list && sentinel.other == sentinel && list != nil
            _ = try? 4 > sentinel
            _ = try [sentinel] .< list
        case .literal:
            let literal: PythonValue = [["a": .value(sentinel), "b": nil], [1, 2.5, "x"]]
            _ = try sentinel(literal, k: literal) as PythonObject
            _ = try sentinel(["a": [1], "b": ["x"]], 2, k: [nil]) as PythonObject
            _ = try? sentinel(["a": .value(Refusing(sentinel)), "b": [1]], 2) as PythonObject
            try sentinel.setItem("key", to: nil)
            try sentinel.setAttribute("third", to: ["a": nil])
            let unhashable: PythonValue = [[.value(sentinel)]: 1]
            _ = try? PythonObject(unhashable)
        case .namespace:
            let namespace = try PythonNamespace()
            try namespace.set("x", to: sentinel)
            try namespace.exec("y = [x]")
            _ = try namespace.eval("y", as: [PythonObject].self)
            _ = try namespace.get("y", as: PythonObject.self)
            _ = try? namespace["absent"]
            try namespace.delete("y")
        case .arrayLike:
            let array = try Python.eval(
                """
                type('Array', (), {
                    '__array__': lambda self: memoryview(bytearray(2)).cast('B', (1, 2)),
                })()
                """
            )
            _ = try? [[UInt8]](array)
            _ = try? [String](array)
            _ = try? [UInt8](array)
            _ = try? [Level](Python.eval("['low', 'none']"))
        case .algorithm:
            let list = try PythonObject([sentinel, sentinel])
            _ = try list.makeIterator().map { (object: PythonObject) in object }
            _ = try? list.makeIterator().compactMap { (number: Int) in number }
            _ = try list.makeIterator().first { (object: PythonObject) in object == nil }
        case .closure:
            let list = try PythonObject([sentinel, sentinel])
            try list.sort(
                key: PythonFunction { [sentinel] (object: PythonObject) in
                    object === sentinel ? 1 : 0
                }
            )
            _ = try? list.sort(key: PythonFunction { (number: Int) in number })
        case .view:
            let list = try PythonList<PythonObject>()
            try list.append(sentinel)
            _ = try? list[5]
            let dictionary = try PythonDictionary<String, PythonObject>()
            try dictionary.updateValue(sentinel, forKey: "k")
            _ = try dictionary["k"]
            let set = try PythonSet<PythonObject>()
            try set.insert(sentinel)
            try set.remove(sentinel)
        case .context:
            let lock = try Python.import("threading").Lock()
            try Python.with(lock) { _ in }
            try? Python.with(lock) { _ in throw LeakFixture.Refused(number: 1) }
            _ = try? Python.with(sentinel) { $0 }
        case .evaluation:
            _ = try Python.eval("[1, 2]")
            _ = try? Python.eval("1 / 0", as: Int.self)
            try Python.exec("x = 1", globals: Python.eval("{}"))
            _ = try Python.eval("[\(1)]" as String)
        case .pythonException:
            do {
                try sentinel.raises()
            } catch let error as PythonException {
                _ = error.object
            }
        case .registration:
            try Python.registerNow(
                PythonModule("leak_registered", documentation: "x") {
                    PythonFunction("same") { (object: PythonObject) in object }
                    PythonExceptionClass("Failed", documentation: "x", attributes: ["a"])
                }
            )
        default:
            break
        }
    }

    private enum Level: String, PythonConvertible { case low }

    /// A value that makes an object and then refuses.
    private struct Refusing: ConvertibleToPython, Sendable {
        let object: PythonObject

        init(_ object: PythonObject) { self.object = object }

        func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
            _ = try [object, object].pythonReference(gil)
            throw PythonConversionError(.value, "refused")
        }
    }

    private func inPython(_ name: String, _ rounds: Int, _ fixture: LeakFixture) async throws {
        try await PythonActor.run { _ = try fixture.namespace[name](rounds) as PythonObject }
    }

    private func inLoop(_ name: String, _ rounds: Int, _ fixture: LeakFixture) async throws {
        _ = try await Python.run("await \(name)(\(rounds))", globals: fixture.namespace)
    }

    private func source(_ text: String, _ rounds: Int, _ fixture: LeakFixture) async throws {
        for _ in 0..<rounds { _ = try await Python.run(text, globals: fixture.namespace) }
    }

    @PythonActor
    private static func awaitOne(_ name: String, _ fixture: LeakFixture) async throws {
        let coroutine = try fixture.namespace[name]() as PythonObject
        _ = try await coroutine.awaited()
    }

    @PythonActor
    private func awaiting(_ name: String, _ rounds: Int, _ fixture: LeakFixture) async throws {
        for _ in 0..<rounds {
            do {
                try await Self.awaitOne(name, fixture)
            } catch let error as PythonException where error.typeName.hasSuffix("Marked") {}
        }
    }
}
