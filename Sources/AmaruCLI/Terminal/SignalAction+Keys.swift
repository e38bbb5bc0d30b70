// The keys that are signals, while another program has the terminal.
// SPDX-License-Identifier: Apache-2.0

import Amaru

extension SignalAction {
    /// Runs `body`, in which Ctrl-C and Ctrl-\\ are another program's and do nothing here.
    ///
    /// A handler is not inherited by that program, as ignoring would be.
    static func leavingKeys<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        let former = [SIGINT, SIGQUIT].map { ($0, SignalAction(current: $0)) }
        for (signal, _) in former { SignalAction({ _ in }).install(for: signal) }
        defer { for (signal, action) in former { action.install(for: signal) } }
        return try await body()
    }
}
