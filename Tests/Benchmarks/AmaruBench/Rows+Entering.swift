// Entering Python, where it is held already and from another thread.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import CFloors

extension Rows {
    static func entering() -> [Row] {
        [
            Row(
                name: "enter-held",
                work: "enter Python where it is held (floor: PyGILState)",
                limits: .ratio(0.4),
                floor: { floor_enter_held($0) },
                bridge: .measured(spelling: "try PythonActor.runBlocking { … }") { count in
                    for _ in 0..<count { try PythonActor.runBlocking {} }
                }
            ),
            Row(
                name: "enter-foreign",
                work: "enter Python on a known foreign thread (floor: a kept thread state)",
                limits: .ratio(1.1),
                floor: { floor_enter_foreign($0) },
                bridge: .missing(
                    "a foreign thread cannot enter Python in place: it hands work over"
                ),
                // Each window starts a thread.
                fewestInWindow: 20_000
            ),
        ]
    }
}
