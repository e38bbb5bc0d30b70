// Buffers, without a copy and with a small one.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import CFloors

extension Rows {
    static func buffers(_ subject: Subject) throws -> [Row] {
        let module = try (subject.python.sixteen_doubles_type as PythonObject).str()
        let reason = "the bridge has no buffers yet"
        return [
            Row(
                name: "view-bytes",
                work: "64 MiB of bytes, seen from Swift",
                limits: .nanoseconds(100),
                floor: { floor_view_bytes($0) },
                bridge: .missing(reason)
            ),
            Row(
                name: "view-memory",
                work: "64 MiB of Swift's memory, seen from Python",
                limits: .nanoseconds(100),
                floor: { floor_view_memory($0) },
                bridge: .missing(reason)
            ),
            Row(
                name: "doubles-from-buffer",
                work: "16 doubles of \(module) → [Double]",
                limits: .ratio(60.0 / 43),
                floor: { floor_copy_doubles($0) },
                bridge: .missing(reason)
            ),
        ]
    }
}
