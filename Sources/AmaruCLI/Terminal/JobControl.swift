// Whether this program's job has the terminal, and the stop of one that reads without it.
// SPDX-License-Identifier: Apache-2.0

/// The rules for a shell's jobs, see credentials(7).
enum JobControl {
    /// Whether the terminal belongs to another job, so that using it may stop the process.
    ///
    /// Async-signal-safe. An error means that the descriptor is not the controlling terminal of
    /// this process, so jobs do not matter.
    static func isBackground(on descriptor: Int32) -> Bool {
        let owner = tcgetpgrp(descriptor)
        return owner >= 0 && owner != getpgrp()
    }

    /// Lets the system stop this thread's job for a read from the background.
    ///
    /// A thread that blocks the signal gets EIO instead, which looks like the end of input.
    static func takeStops() { unblock(SIGTTIN) }

    /// Lets this thread take a signal; returns the signals that were blocked.
    ///
    /// Async-signal-safe.
    @discardableResult
    static func unblock(_ signal: Int32) -> sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, signal)
        var former = sigset_t()
        pthread_sigmask(SIG_UNBLOCK, &signals, &former)
        return former
    }

    /// Stops the job if it is in the background, as the system does when any program reads there,
    /// and returns once the job has the terminal; needs `takeStops()`.
    ///
    /// Also returns if nothing stops it: SIGTTIN is ignored, or no shell is left that could
    /// continue the job. A read then fails with EIO.
    static func waitForForeground(on descriptor: Int32) {
        guard isBackground(on: descriptor) else { return }
        #if os(Linux)
            // Takes no input, but the system checks the job first, and again when it goes on.
            var byte: UInt8 = 0
            _ = read(descriptor, &byte, 0)
        #else
            // Darwin does not look at the terminal for so short a read.
            raise(SIGTTIN)
        #endif
    }
}
