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
                bridge: .measured(spelling: "try Python.withGIL { gil in … }", enter)
            ),
            Row(
                name: "enter-foreign",
                work: "enter Python on a known foreign thread (floor: a kept thread state)",
                limits: .ratio(1.1),
                floor: { floor_enter_foreign($0) },
                bridge: .measured(spelling: "try Python.withGIL { gil in … }") { count in
                    try onForeignThread { try enter(count) }
                },
                // Each window starts a thread.
                fewestInWindow: 20_000
            ),
            Row(
                name: "run-blocking",
                work: "the same with a call identity and no running loop (floor: PyGILState)",
                limits: .none,
                floor: { floor_enter_held($0) },
                bridge: .measured(spelling: "try PythonActor.runBlocking { … }") { count in
                    for _ in 0..<count { try PythonActor.runBlocking {} }
                }
            ),
        ]
    }

    private nonisolated static func enter(_ count: Int) throws {
        for _ in 0..<count { try Python.withGIL { _ in } }
    }

    /// Runs `body` on a thread that C made, while this one waits without the GIL.
    private nonisolated static func onForeignThread(_ body: @escaping @Sendable () throws -> Void)
        throws
    {
        let errand = Errand(body)
        floor_on_foreign_thread(
            { context in
                guard let context else { return }
                Unmanaged<Errand>.fromOpaque(context).takeUnretainedValue().run()
            },
            Unmanaged.passUnretained(errand).toOpaque()
        )
        try errand.result.get()
    }
}

/// Something to do on a thread, and how it went.
private final class Errand {
    private let body: @Sendable () throws -> Void
    private(set) var result: Result<Void, any Error> = .success(())

    init(_ body: @escaping @Sendable () throws -> Void) {
        self.body = body
    }

    func run() {
        result = Result { try body() }
    }
}
