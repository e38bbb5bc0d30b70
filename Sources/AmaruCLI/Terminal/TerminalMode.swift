// A terminal's settings, changed for a while and put back on every way out.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment

/// A change of a terminal's settings that no exit leaves behind.
///
/// While it is entered, the former settings come back by `leave()`, at `exit`, before a signal ends
/// the process (it still ends by that signal) and while the process is stopped.
final class TerminalMode: Sendable {
    private let slot: Int

    /// Reads the terminal's settings and prepares the change; nothing is changed yet.
    ///
    /// - `bracketedPaste`: Whether pasted text is to come between marks while entered.
    /// - Throws: `TerminalError` if the descriptor is not a terminal, or too many are in use.
    init(
        descriptor: Int32,
        bracketedPaste: Bool = false,
        _ change: (inout termios) -> Void
    ) throws {
        var saved = termios()
        // Of its own: a script may close the standard descriptors.
        let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 10)
        guard own >= 0, tcgetattr(own, &saved) == 0 else {
            if own >= 0 { close(own) }
            throw TerminalError(
                .notATerminal,
                "descriptor \(descriptor) is not a terminal",
                cause: PosixError("read the terminal's settings")
            )
        }
        var changed = saved
        change(&changed)
        let setting = TerminalSetting(
            descriptor: own,
            original: descriptor,
            bracketedPaste: bracketedPaste,
            saved: saved,
            changed: changed
        )
        do {
            slot = try TerminalGuard.shared.claim(setting)
        } catch {
            close(own)
            throw error
        }
    }

    deinit { close(TerminalGuard.shared.release(slot)) }

    /// Applies the change, again after a stop too.
    ///
    /// Does nothing while the terminal belongs to another job.
    func enter(discardingInput: Bool = false) {
        TerminalGuard.shared.enter(slot, discardingInput ? TCSAFLUSH : TCSANOW)
    }

    /// Applies the change again if another program has undone it.
    ///
    /// - Returns: Whether it had, and the terminal is this program's again.
    @discardableResult
    func enterAgain() -> Bool {
        TerminalGuard.shared.installHandlers()
        guard !TerminalGuard.shared.isInForce(slot) else { return false }
        enter()
        return TerminalGuard.shared.isInForce(slot)
    }

    /// Puts the former settings back.
    func leave() {
        TerminalGuard.shared.leave(slot)
    }

    /// Puts back the settings of every terminal, for good; before `_exit`.
    static func leaveAll() {
        isEnding.pointee = 1
        restoreTerminals()
    }

    /// The signals by which a fault ends the process, and Ctrl-\.
    static let faultSignals: [Int32] = [
        SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP,
    ]
}

/// One terminal's settings, as the signal handlers read them.
private struct TerminalSetting {
    var isClaimed = false
    var isEntered = false
    /// The terminal, in a number of our own.
    var descriptor: Int32
    /// The number that the caller has for it.
    var original: Int32
    var bracketedPaste: Bool
    var saved: termios
    var changed: termios

    init(
        descriptor: Int32 = -1,
        original: Int32 = -1,
        bracketedPaste: Bool = false,
        saved: termios = termios(),
        changed: termios = termios()
    ) {
        self.descriptor = descriptor
        self.original = original
        self.bracketedPaste = bracketedPaste
        self.saved = saved
        self.changed = changed
    }
}

/// The changes in force, and the handlers that undo them.
private final class TerminalGuard: Sendable {
    static let shared = TerminalGuard()

    /// Signals that end a process: by the user's hand, by the system, by a timer or a limit, by a
    /// fault, by a script that wants SIGPIPE to do so.
    private static let fatal: [Int32] = {
        var signals = TerminalMode.faultSignals
        signals += [SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2]
        signals += [SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGXFSZ, SIGSYS]
        #if os(Linux)
            signals += [SIGIO, SIGPWR, SIGSTKFLT]
            signals += __libc_current_sigrtmin()...__libc_current_sigrtmax()
        #endif
        return signals
    }()

    private struct State {
        var claims = 0
        var former: [Int32: SignalAction] = [:]
    }

    private let state = Lock(State())

    private init() {
        // Made now, and not by a handler.
        isEnding.pointee = 0
        atexit { restoreTerminals() }
        // What ends a forked child leaves the terminal to this process.
        pthread_atfork(nil, nil) {
            for slot in 0..<settingCount { settings[slot].isEntered = false }
        }
    }

    func claim(_ setting: TerminalSetting) throws -> Int {
        try state.withLock { state in
            guard let slot = (0..<settingCount).first(where: { !settings[$0].isClaimed }) else {
                throw TerminalError(.busy, "more than \(settingCount) terminals are in use")
            }
            settings[slot] = setting
            settings[slot].isClaimed = true
            state.claims += 1
            if state.claims == 1 { installHandlers(&state) }
            return slot
        }
    }

    /// Frees a slot, and returns its descriptor.
    func release(_ slot: Int) -> Int32 {
        leave(slot)
        return state.withLock { state in
            settings[slot].isClaimed = false
            state.claims -= 1
            if state.claims == 0 { removeHandlers(&state) }
            return settings[slot].descriptor
        }
    }

    func enter(_ slot: Int, _ moment: Int32) {
        state.withLock { _ in
            guard isEnding.pointee == 0, ownsTerminal(slot) else { return }
            // Before the change: a signal in between undoes what may not have been done.
            settings[slot].isEntered = true
            apply(slot, moment, changed: true)
            // The process may have begun to end meanwhile, and have put the settings back already.
            if isEnding.pointee != 0 { apply(slot, TCSANOW, changed: false) }
        }
    }

    /// Whether the terminal has the changed settings now, as far as they concern lines and echo.
    func isInForce(_ slot: Int) -> Bool {
        state.withLock { _ in
            var current = termios()
            let setting = settings[slot]
            guard setting.isEntered, tcgetattr(descriptor(of: slot), &current) == 0 else {
                return false
            }
            return current.c_lflag == setting.changed.c_lflag
                && current.c_iflag == setting.changed.c_iflag
        }
    }

    func leave(_ slot: Int) {
        state.withLock { _ in
            guard settings[slot].isEntered else { return }
            if ownsTerminal(slot) { apply(slot, TCSANOW, changed: false) }
            settings[slot].isEntered = false
        }
    }

    /// Installs handlers again that Python code has taken away, for the default.
    func installHandlers() {
        state.withLock { state in
            if state.claims > 0 { installHandlers(&state) }
        }
    }

    /// Installs handlers for signals that have none; those of Python or of the host stay.
    private func installHandlers(_ state: inout State) {
        for signal in Self.fatal where SignalAction(current: signal).address == 0 {
            state.former[signal] = SignalAction(endByFatalSignal, blocking: [SIGTTOU])
                .install(for: signal)
        }
        if SignalAction(current: SIGTSTP).address == 0 {
            state.former[SIGTSTP] = SignalAction(stopBySignal, blocking: [SIGTTOU])
                .install(for: SIGTSTP)
        }
    }

    private func removeHandlers(_ state: inout State) {
        for (signal, former) in state.former {
            let handler = signal == SIGTSTP ? stopBySignal : endByFatalSignal
            let own = SignalAction(handler).address
            if SignalAction(current: signal).address == own { former.install(for: signal) }
        }
        state.former = [:]
    }
}

private let settingCount = 4

/// What the handlers read.
///
/// safe because slots change under the guard's lock, and a handler reads a slot only while it is
/// entered, when its settings don't change; memory instead of an array, because a handler must
/// not meet Swift's reference counts or access checks half-way.
nonisolated(unsafe) private let settings = {
    let memory = UnsafeMutablePointer<TerminalSetting>.allocate(capacity: settingCount)
    memory.initialize(repeating: TerminalSetting(), count: settingCount)
    return memory
}()

/// Whether the process is ending, so that no terminal is changed any more.
///
/// safe because it is a word that is only ever set, by handlers too, and looked at again after each
/// change of a terminal.
nonisolated(unsafe) private let isEnding = {
    let memory = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
    memory.initialize(to: 0)
    return memory
}()

// The functions below run in signal handlers: only what signal-safety(7) lists, no allocation.

/// Whether this job may change the terminal; in the background that would stop the process.
private func ownsTerminal(_ slot: Int) -> Bool {
    !JobControl.isBackground(on: descriptor(of: slot))
}

/// The descriptor of a terminal that a script has not closed, or made another file's.
private func descriptor(of slot: Int) -> Int32 {
    let setting = settings + slot
    let own = setting.pointee.descriptor
    var now = termios()
    return tcgetattr(own, &now) == 0 ? own : setting.pointee.original
}

private func apply(_ slot: Int, _ moment: Int32, changed: Bool) {
    let setting = settings + slot
    let descriptor = descriptor(of: slot)
    if changed {
        while tcsetattr(descriptor, moment, &setting.pointee.changed) != 0 && errno == EINTR {}
    } else {
        while tcsetattr(descriptor, moment, &setting.pointee.saved) != 0 && errno == EINTR {}
    }
    guard setting.pointee.bracketedPaste else { return }
    // A terminal held by Ctrl-S, or whose reader is stuck, would block the write forever; one
    // that another thread is writing to is free in a moment.
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    guard poll(&entry, 1, 100) == 1 else { return }
    // ESC [ ? 2 0 0 4 h or l; a tuple, for an array would be allocated.
    var mark: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8) = (
        0x1B, 0x5B, 0x3F, 0x32, 0x30, 0x30, 0x34, changed ? 0x68 : 0x6C
    )
    _ = write(descriptor, &mark, 8)
}

private func restoreTerminals() {
    for slot in 0..<settingCount where settings[slot].isEntered {
        // Without waiting for output: the terminal may be held by Ctrl-S.
        if ownsTerminal(slot) { apply(slot, TCSANOW, changed: false) }
    }
}

/// Raises a signal in its own handler, where it is blocked.
private func raiseNow(_ signal: Int32) {
    raise(signal)
    var former = JobControl.unblock(signal)
    pthread_sigmask(SIG_SETMASK, &former, nil)
}

/// Ends the process by a signal, with every terminal as it was.
let endByFatalSignal: SignalHandler = { signal in
    isEnding.pointee = 1
    restoreTerminals()
    SignalAction().install(for: signal)
    raiseNow(signal)
}

private let stopBySignal: SignalHandler = { signal in
    let code = errno
    restoreTerminals()
    let own = SignalAction().install(for: signal)
    // The process stops here, and goes on here.
    raiseNow(signal)
    own.install(for: signal)
    for slot in 0..<settingCount where settings[slot].isEntered {
        if ownsTerminal(slot) { apply(slot, TCSANOW, changed: true) }
    }
    errno = code
}
