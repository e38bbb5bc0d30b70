// Opens a pseudo-terminal, and starts programs on one.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The two ends of a new pseudo-terminal; no child inherits them.
struct PseudoTerminalPair {
    let master: Int32
    let slave: Int32
    let path: String

    init() throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard master >= 0 else { throw PosixError("open a pseudo-terminal") }
        do {
            path = try Self.unlock(master)
        } catch {
            close(master)
            throw error
        }
        slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard slave >= 0 else {
            let error = PosixError("open \(path)")
            close(master)
            throw error
        }
    }

    /// Makes the other end usable and returns its path.
    private static func unlock(_ master: Int32) throws -> String {
        #if os(Linux)
            // Swift's Glibc module lacks unlockpt and ptsname; these are the calls inside them.
            var locked: Int32 = 0
            var number: UInt32 = 0
            guard
                ioctl(master, 0x4004_5431 /* TIOCSPTLCK */, &locked) == 0,
                ioctl(master, 0x8004_5430 /* TIOCGPTN */, &number) == 0
            else { throw PosixError("unlock a pseudo-terminal") }
            return "/dev/pts/\(number)"
        #else
            guard grantpt(master) == 0, unlockpt(master) == 0, let name = ptsname(master) else {
                throw PosixError("unlock a pseudo-terminal")
            }
            return String(cString: name)
        #endif
    }
}

/// Starts a program in a new session whose controlling terminal is the one at `path`.
func spawnOnTerminal(
    _ path: String,
    _ executable: String,
    _ arguments: [String],
    _ environment: [String: String]
) throws -> pid_t {
    #if canImport(Glibc)
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        let newSession: Int16 = 0x80  // POSIX_SPAWN_SETSID, a GNU extension.
    #else
        var actions: posix_spawn_file_actions_t?
        var attributes: posix_spawnattr_t?
        let newSession = Int16(POSIX_SPAWN_SETSID)
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The first terminal that a session's leader opens becomes the session's.
    posix_spawn_file_actions_addopen(&actions, 0, path, O_RDWR, 0)
    posix_spawn_file_actions_adddup2(&actions, 0, 1)
    posix_spawn_file_actions_adddup2(&actions, 0, 2)
    let flags = newSession | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF)
    posix_spawnattr_setflags(&attributes, flags)
    var mask = sigset_t()
    sigemptyset(&mask)
    posix_spawnattr_setsigmask(&attributes, &mask)
    sigfillset(&mask)
    sigdelset(&mask, SIGKILL)
    sigdelset(&mask, SIGSTOP)
    posix_spawnattr_setsigdefault(&attributes, &mask)

    let words = ([executable] + arguments).map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for word in words + variables { free(word) } }
    var child: pid_t = 0
    let code = posix_spawn(&child, executable, &actions, &attributes, words, variables)
    guard code == 0 else { throw PosixError("start \(executable)", code: code) }
    return child
}
