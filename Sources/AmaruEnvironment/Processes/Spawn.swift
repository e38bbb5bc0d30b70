// posix_spawn with a clean signal state and no stray descriptors.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A program to start, with all that it inherits.
struct Spawn {
    /// The program's absolute path.
    var executable: String

    /// The arguments after the program's name.
    var arguments: [String]

    /// The whole environment.
    var environment: [String: String]

    /// The program's descriptors 0, 1, 2 and so on; it gets no others.
    var descriptors: [Descriptor]

    /// The process group that it joins; 0 is a new one, which it leads.
    var group: Int32 = 0

    /// Whether it starts with all signals blocked instead of unblocked.
    var blocksSignals = false

    /// Starts the program and returns its process number.
    ///
    /// - Throws: `PosixError` if it can't be started.
    func start() throws -> Int32 {
        #if canImport(Glibc)
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #else
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }

        for (number, descriptor) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor.number, Int32(number))
        }
        closeOthers(from: Int32(descriptors.count), &actions)

        var flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        #if canImport(Darwin)
            flags |= POSIX_SPAWN_CLOEXEC_DEFAULT
        #endif
        posix_spawnattr_setflags(&attributes, Int16(flags))
        posix_spawnattr_setpgroup(&attributes, group)
        var signals = sigset_t()
        sigfillset(&signals)
        sigdelset(&signals, SIGKILL)
        sigdelset(&signals, SIGSTOP)
        // Otherwise the child would ignore the signals that this process ignores.
        posix_spawnattr_setsigdefault(&attributes, &signals)
        if !blocksSignals { sigemptyset(&signals) }
        posix_spawnattr_setsigmask(&attributes, &signals)

        var identifier: pid_t = 0
        let variables = environment.map { "\($0)=\($1)" }
        let code = withCStrings([executable] + arguments) { arguments in
            withCStrings(variables) { variables in
                posix_spawn(&identifier, executable, &actions, &attributes, arguments, variables)
            }
        }
        // Until here, or a number above could be closed and used again for another file.
        withExtendedLifetime(descriptors) {}
        guard code == 0 else { throw PosixError("start \(executable)", code: code) }
        return identifier
    }
}

#if canImport(Glibc)
    /// Closes in the child what other code of this process opened without close-on-exec.
    private func closeOthers(from first: Int32, _ actions: inout posix_spawn_file_actions_t) {
        typealias CloseFrom =
            @convention(c) (
                UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32
            ) -> Int32
        // Since glibc 2.34; a GNU extension, so Swift's module lacks it.
        guard let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") else { return }
        _ = unsafeBitCast(symbol, to: CloseFrom.self)(&actions, first)
    }
#else
    /// Does nothing: POSIX_SPAWN_CLOEXEC_DEFAULT closes the rest.
    private func closeOthers(from first: Int32, _ actions: inout posix_spawn_file_actions_t?) {}
#endif

/// Calls `body` with a null-terminated array of C strings.
private func withCStrings<Result>(
    _ strings: [String],
    _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else {
            preconditionFailure("the array holds its terminator, so it has an address")
        }
        return body(base)
    }
}
