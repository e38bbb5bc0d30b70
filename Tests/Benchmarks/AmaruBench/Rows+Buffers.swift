// Buffers, without a copy and with a small one.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import CFloors

extension Rows {
    static func buffers(_ subject: Subject) throws -> [Row] {
        let module: String = try subject.python.sixteen_doubles_type
        let bytes: PythonObject = try subject.python.big_bytes
        let doubles: PythonObject = try subject.python.sixteen_doubles
        let pixels = [UInt8](repeating: 0, count: 64 << 20)
        return [
            Row(
                name: "view-bytes",
                work: "64 MiB of bytes, seen from Swift",
                limits: .nanoseconds(100, instructions: 3.6),
                floor: { floor_view_bytes($0) },
                bridge: .measured(spelling: "try o.withBuffer(of: UInt8.self) { $0[i] }") { count in
                    var sum = 0
                    for _ in 0..<count {
                        sum &+= Int(try bytes.withBuffer(of: UInt8.self) { $0[$0.count - 1] })
                    }
                    keep(sum)
                }
            ),
            Row(
                name: "view-memory",
                work: "64 MiB of Swift's memory, seen from Python (floor: a memoryview)",
                limits: .nanoseconds(100, instructions: 1.4),
                floor: { floor_view_memory($0) },
                bridge: .measured(spelling: "try PythonObject(PythonBuffer(array))") { count in
                    for _ in 0..<count { _ = try PythonObject(PythonBuffer(pixels)) }
                }
            ),
            Row(
                name: "doubles-from-buffer",
                work: "16 doubles of \(module) → [Double]",
                limits: .ratio(60.0 / 43, instructions: 1.35),
                floor: { floor_copy_doubles($0) },
                bridge: .measured(spelling: "try [Double](copyingBufferOf: array)") { count in
                    for _ in 0..<count { keep(try [Double](copyingBufferOf: doubles).count) }
                }
            ),
        ]
    }
}
