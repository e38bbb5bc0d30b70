// How the process ends: with an exit code, or by the signal that the user sent.
// SPDX-License-Identifier: Apache-2.0

import Amaru

enum ProcessEnd {
    /// What ends the process by SIGINT; no exit code, for those are not negative.
    ///
    /// A shell stops a loop only if the command died of the signal: one that exits with 130 has
    /// handled it. The shell's own status is 130 either way.
    static let interrupted: Int32 = -SIGINT

    /// Ends the process at once; the terminal is as it was.
    static func leave(_ code: Int32) -> Never {
        // What the C library has buffered would be lost otherwise.
        fflush(nil)
        guard code == interrupted else { _exit(code) }
        SignalAction().install(for: SIGINT)
        JobControl.unblock(SIGINT)
        raise(SIGINT)
        // Only if another thread has installed a handler meanwhile.
        _exit(128 + SIGINT)
    }
}
