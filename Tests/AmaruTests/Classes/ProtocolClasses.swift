// Swift classes that follow Python's protocols, for the tests.
// SPDX-License-Identifier: Apache-2.0

import Amaru

extension ClassFixture {
    final class Vector: PythonClassInstance {
        let x: Double
        let y: Double

        init(_ x: Double, _ y: Double) {
            self.x = x
            self.y = y
        }

        static let pythonClass = PythonClass(Vector.self) {
            PythonInitializer { (x: Double, y: Double) in Vector(x, y) }
            PythonProperty("x", \.x)
            PythonProperty("y", \.y)
            PythonOperator(.add) { (a, b: Vector) in Vector(a.x + b.x, a.y + b.y) }
            PythonOperator(.subtract) { (a, b: Vector) in Vector(a.x - b.x, a.y - b.y) }
            PythonOperator(.multiply) { (a, factor: Double) in Vector(a.x * factor, a.y * factor) }
            PythonOperator(.multiply) { (a, b: Vector) in a.x * b.x + a.y * b.y }
            PythonOperator(.multiply, .reflected) { (a, factor: Double) in
                Vector(a.x * factor, a.y * factor)
            }
            PythonOperator(.subtract, .reflected) { (a, n: Double) in Vector(n - a.x, n - a.y) }
            PythonOperator(.divide) { (a, n: Double) throws in
                guard n != 0 else { throw CounterError(code: 0) }
                return Vector(a.x / n, a.y / n)
            }
            PythonOperator(.floorDivide) { (a, n: Int8) in "\(a.x) // \(n)" }
            PythonOperator(.remainder) { (a, n: Int) in "\(a.x) % \(n)" }
            PythonOperator(.power) { (a, n: Int) in "\(a.x) ** \(n)" }
            PythonOperator(.matrixMultiply) { (a, b: Vector) in a.x * b.y - a.y * b.x }
            PythonOperator(.and) { (a, n: Int) in "\(a.x) & \(n)" }
            PythonOperator(.or) { (a, n: Int) in "\(a.x) | \(n)" }
            PythonOperator(.xor) { (a, n: Int) in "\(a.x) ^ \(n)" }
            PythonOperator(.shiftLeft) { (a, n: Int) in "\(a.x) << \(n)" }
            PythonOperator(.shiftRight) { (a, n: Int) in "\(a.x) >> \(n)" }
            PythonOperator(.divmod) { (a, n: Int) in PythonTuple(a.x, n) }
            PythonOperator(.equal) { (a, b: Vector) in a.x == b.x && a.y == b.y }
            PythonOperator(.less) { (a, b: Vector) in a.x < b.x }
            PythonOperator(.lessOrEqual) { (a, b: Vector) in a.x <= b.x }
            PythonOperator(.negative) { Vector(-$0.x, -$0.y) }
            PythonOperator(.positive) { $0 }
            PythonOperator(.absolute) { ($0.x * $0.x + $0.y * $0.y).squareRoot() }
            PythonOperator(.invert) { Vector($0.y, $0.x) }
            PythonOperator(.bool) { $0.x != 0 || $0.y != 0 }
            PythonOperator(.int) { Int($0.x) }
            PythonOperator(.float) { $0.x }
            PythonOperator(.index) { Int($0.x) }
            PythonOperator(.hash) { [$0.x, $0.y].description }
            PythonOperator(.repr) { "Vector(\($0.x), \($0.y))" }
            PythonOperator(.str) { "(\($0.x) | \($0.y))" }
        }
    }

    final class Names: PythonClassInstance {
        let list: Guarded<[String]>

        init(_ names: [String]) { list = Guarded(names) }

        static let pythonClass = PythonClass(Names.self) {
            PythonInitializer { (names: [String]) in Names(names) }
            PythonItems(count: { $0.list.value.count }) {
                $0.list.value[$1]
            } set: { (names, index, name: String) in
                names.list.change { $0[index] = name }
            } delete: { names, index in
                names.list.change { _ = $0.remove(at: index) }
            }
            PythonOperator(inPlace: .add) { (names, more: [String]) in
                names.list.change { $0 += more }
            }
        }
    }

    final class Store: PythonClassInstance {
        let values = Guarded<[String: Int]>([:])

        static let pythonClass = PythonClass(Store.self) {
            PythonInitializer { () in Store() }
            PythonMapping { (store, key: String) in
                store.values.value[key]
            } set: { (store, key: String, value: Int?) in
                store.values.change { $0[key] = value }
            }
            PythonOperator(.len) { $0.values.value.count }
            PythonIteration { $0.values.value.keys.sorted() }
            PythonAsyncIteration { store in
                let values = store.values.value
                return AsyncStream<Int> { continuation in
                    for key in values.keys.sorted() { continuation.yield(values[key] ?? 0) }
                    continuation.finish()
                }
            }
        }
    }

    final class Countdown: PythonClassInstance {
        let left: Guarded<Int>

        init(_ from: Int) { left = Guarded(from) }

        static let pythonClass = PythonClass(Countdown.self) {
            PythonInitializer { (from: Int) in Countdown(from) }
            PythonIteration { (countdown: Countdown) throws -> Int? in
                guard countdown.left.value != 13 else { throw CounterError(code: 13) }
                guard countdown.left.value > 0 else { return nil }
                countdown.left.change { $0 -= 1 }
                return countdown.left.value
            }
            PythonMembership { (countdown, n: Int) in n < countdown.left.value }
        }
    }

    final class Session: PythonClassInstance {
        let events = Guarded<[String]>([])

        static let pythonClass = PythonClass(Session.self) {
            PythonInitializer { () in Session() }
            PythonProperty("events") { $0.events.value }
            PythonContext { session in
                session.events.change { $0.append("enter") }
            } exit: { session, error in
                session.events.change { $0.append("exit \(error.map { "\($0)" } ?? "-")") }
                return (error as? PythonException)?.typeName == "KeyError"
            }
            PythonAsyncContext { session in
                await Task.yield()
                session.events.change { $0.append("aenter") }
                return session
            } exit: { session, error in
                await Task.yield()
                session.events.change { $0.append("aexit \(error.map { "\($0)" } ?? "-")") }
                return (error as? CounterError)?.code == 5
            }
        }
    }

    /// Lends Python memory of its own.
    final class Samples: PythonClassInstance, @unchecked Sendable {
        // Safe because the memory is allocated once; Python's views and the tests write it in turn.
        let memory: UnsafeMutableBufferPointer<Double>
        let views = Guarded(0)

        init(_ count: Int) {
            memory = .allocate(capacity: count)
            memory.initialize(repeating: 0)
            Census.born("Samples")
        }

        deinit {
            memory.deallocate()
            Census.died("Samples")
        }

        static let pythonClass = PythonClass(Samples.self) {
            PythonInitializer { (count: Int) in Samples(count) }
            PythonMemory(of: Double.self) { samples in
                samples.views.change { $0 += 1 }
                return samples.memory
            } onRelease: { samples in
                samples.views.change { $0 -= 1 }
            }
            PythonMethod("sum") { $0.memory.reduce(0, +) }
            PythonProperty("views") { $0.views.value }
        }
    }

    /// Holds Python objects where the collector sees them, and where it does not.
    final class Node: PythonClassInstance {
        let next = PythonSlot()
        let unseen = Guarded<PythonObject?>(nil)
        var pythonSlots: [PythonSlot] { [next] }

        init() { Census.born("Node") }
        deinit { Census.died("Node") }

        /// Instances that Swift holds too.
        static let held = Guarded<[Node]>([])

        static let pythonClass = PythonClass(Node.self) {
            PythonInitializer { () in Node() }
            PythonProperty("next") {
                $0.next.object
            } set: {
                $0.next.object = $1
            }
            PythonProperty("unseen") {
                $0.unseen.value
            } set: {
                $0.unseen.value = $1
            }
            PythonMethod("append") { (node, object: PythonObject) in node.next.append(object) }
            PythonProperty("all") { $0.next.objects }
            PythonMethod("hold") { node in held.change { $0.append(node) } }
            PythonStaticMethod("let_go") { () in
                held.value = []
                return PythonNone()
            }
        }
    }
}
