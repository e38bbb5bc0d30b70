// How the process ends: with an exit code, or by the signal that the user sent.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruStore

#if canImport(Glibc)
    // For the C library's streams, which have locks of their own.
    @preconcurrency import Glibc
#else
    import Darwin
#endif

enum ProcessEnd {
    /// What ends the process by SIGINT; no exit code, for those are not negative.
    ///
    /// A shell stops a loop only if the command died of the signal: one that exits with 130 has
    /// handled it. The shell's own status is 130 either way.
    static let interrupted: Int32 = -SIGINT

    private static let isReported = Lock(false)

    /// How long a script may go on that has closed the program's descriptors, in seconds.
    ///
    /// So that what it is about to print is not lost. A server has no time: its event loops trap
    /// when they wait next.
    static let grace = Lock<UInt32>(1)

    /// Ends the process: the script has closed descriptors that Swift's timers and waits need.
    static func leaveWithoutDescriptors() -> Never {
        // Its numbers may be those of the script's files by now.
        ConversationStore.abandonFiles()
        reportLostDescriptors()
        sleep(grace.withLock { $0 })
        TerminalMode.leaveAll()
        _exit(1)
    }

    private static func reportLostDescriptors() {
        // Held while it is written: another thread that comes to end the process waits for that.
        isReported.withLock { isReported in
            guard !isReported else { return }
            isReported = true
            // A pipe that has room takes a short line whole.
            var output = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
            guard poll(&output, 1, 1000) == 1 else { return }
            Report.line(
                "amaru: the script has closed descriptors that are not its own: close only those "
                    + "that it has opened"
            )
        }
    }

    /// Ends the process at once; the terminal is as it was.
    static func leave(_ code: Int32) -> Never {
        // What the C library has buffered would be lost otherwise. Whoever waits for a line of
        // standard input holds its lock.
        if ftrylockfile(stdin) == 0 {
            funlockfile(stdin)
            fflush(nil)
        } else {
            fflush(stdout)
        }
        if code == 0, SignalSource.hasLostDescriptors {
            reportLostDescriptors()
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
