// What Swift gives to Python in the rows where Python calls.
// SPDX-License-Identifier: Apache-2.0

import Amaru

extension Subject {
    nonisolated static var exported: PythonModule {
        let step = Step(by: 1)
        return PythonModule("swift_side") {
            PythonFunction("no_operation") { () -> Void in }
            PythonFunction("increment") { (i: Int) in i + 1 }
            PythonFunction("captured_no_operation") { () -> Void in step.check() }
            PythonFunction("captured_increment") { (i: Int) in i + step.size }
            PythonFunction("immediate") { () async -> Void in }
            Number.pythonClass
        }
    }
}

/// State for a closure to capture.
final class Step: Sendable {
    let size: Int

    init(by size: Int) {
        self.size = size
    }

    @inline(never)
    func check() {
        precondition(size > 0)
    }
}

/// A Swift class in Python, with what `cfloors.Number` has.
final class Number: PythonClassInstance {
    let value: Int

    init(_ value: Int) {
        self.value = value
    }

    static let pythonClass = PythonClass(Number.self) {
        PythonInitializer { (value: Int) in Number(value) }
        PythonProperty("value") { $0.value }
        PythonMethod("no_operation") { _ in }
        PythonMethod("plus") { (number, n: Int) in number.value + n }
    }
}
