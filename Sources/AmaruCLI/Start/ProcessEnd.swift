// How the process ends: with an exit code, or by the signal that the user sent.
// SPDX-License-Identifier: Apache-2.0

import Amaru

enum ProcessEnd {
    /// What ends the process by SIGINT; no exit code, for those are not negative.
    ///
    /// A shell stops a loop only if the command died of the signal: one that exits with 130 has
    /// handled it. The shell's own status is 130 either way.
    static let interrupted: Int32 = -SIGINT

    private static let isSaid = Lock(false)

    /// Ends the process soon, and says why: what its timers and waits need is closed.
    static func leaveCutOff() -> Never {
        sayCutOff()
        // What it has printed, or is about to, is not lost; a server would trap.
        if CommandLine.arguments.dropFirst().first != "serve" { usleep(1_000_000) }
        TerminalMode.leaveAll()
        _exit(1)
    }

    private static func sayCutOff() {
        let isNew = isSaid.withLock { isSaid in
            defer { isSaid = true }
            return !isSaid
        }
        guard isNew else { return }
        Report.line(
            "amaru: the script has closed descriptors that are not its own, as os.closerange "
                + "does: it cannot go on"
        )
    }

    /// Ends the process at once; the terminal is as it was.
    static func leave(_ code: Int32) -> Never {
        // What the C library has buffered would be lost otherwise.
        fflush(nil)
        if code == 0, SignalSource.isCutOff {
            sayCutOff()
            _exit(1)
        }
        guard code == interrupted else { _exit(code) }
        SignalAction().install(for: SIGINT)
        JobControl.unblock(SIGINT)
        raise(SIGINT)
        // Only if another thread has installed a handler meanwhile.
        _exit(128 + SIGINT)
    }
}
