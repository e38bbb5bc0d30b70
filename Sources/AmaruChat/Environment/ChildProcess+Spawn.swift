// posix_spawn with a clean signal state and no stray descriptors.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The pipes between this process and a child.
struct ChildPipes {
    let input: (read: Int32, write: Int32)?
    let output: (read: Int32, write: Int32)
    let error: (read: Int32, write: Int32)?

    init(_ configuration: ChildProcess.Configuration) throws {
        var made: [(read: Int32, write: Int32)] = []
        do {
            for _ in 0..<3 { made.append(try PosixCall.pipe()) }
        } catch {
            for pipe in made {
                close(pipe.read)
                close(pipe.write)
            }
            throw error
        }
        output = made[0]
        if case .pipe = configuration.standardInput {
            input = made[1]
        } else {
            input = nil
        }
        if case .separate = configuration.standardError {
            error = made[2]
        } else {
            error = nil
        }
        for (pipe, used) in [(made[1], input != nil), (made[2], error != nil)] where !used {
            close(pipe.read)
            close(pipe.write)
        }
    }

    func closeChildEnds() {
        close(output.write)
        if let input { close(input.read) }
        if let error { close(error.write) }
    }

    func closeParentEnds() {
        close(output.read)
        if let input { close(input.write) }
        if let error { close(error.read) }
    }
}

/// Starts a program and returns its process number.
func spawn(_ configuration: ChildProcess.Configuration, _ pipes: ChildPipes) throws -> pid_t {
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

    if let input = pipes.input {
        posix_spawn_file_actions_adddup2(&actions, input.read, 0)
    } else {
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    posix_spawn_file_actions_adddup2(&actions, pipes.output.write, 1)
    posix_spawn_file_actions_adddup2(&actions, pipes.error?.write ?? pipes.output.write, 2)
    // By two steps, because one of the sources may itself be 3, 4, …
    let first: Int32 = 3
    let inherited = configuration.inheritedDescriptors
    let refuge = (inherited.max() ?? 0) + first + Int32(inherited.count)
    for (offset, descriptor) in inherited.enumerated() {
        posix_spawn_file_actions_adddup2(&actions, descriptor, refuge + Int32(offset))
    }
    for offset in inherited.indices {
        posix_spawn_file_actions_adddup2(
            &actions,
            refuge + Int32(offset),
            first + Int32(offset)
        )
    }
    closeOthers(from: first + Int32(inherited.count), &actions)

    var flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    #if canImport(Darwin)
        flags |= POSIX_SPAWN_CLOEXEC_DEFAULT
    #endif
    posix_spawnattr_setflags(&attributes, Int16(flags))
    posix_spawnattr_setpgroup(&attributes, 0)
    var mask = sigset_t()
    sigemptyset(&mask)
    posix_spawnattr_setsigmask(&attributes, &mask)
    var defaults = sigset_t()
    // What this process ignores, its children would ignore too.
    sigfillset(&defaults)
    sigdelset(&defaults, SIGKILL)
    sigdelset(&defaults, SIGSTOP)
    posix_spawnattr_setsigdefault(&attributes, &defaults)

    var identifier: pid_t = 0
    let arguments = [configuration.executable] + configuration.arguments
    let environment = configuration.environment.map { "\($0)=\($1)" }
    let code = withCStrings(arguments) { arguments in
        withCStrings(environment) { environment in
            posix_spawn(
                &identifier,
                configuration.executable,
                &actions,
                &attributes,
                arguments,
                environment
            )
        }
    }
    guard code == 0 else { throw PosixError("start \(configuration.executable)", code: code) }
    return identifier
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
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withTerminator(body)
}

extension [UnsafeMutablePointer<CChar>?] {
    fileprivate mutating func withTerminator<Result>(
        _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        append(nil)
        return withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else {
                preconditionFailure("the array holds its terminator, so it has an address")
            }
            return body(base)
        }
    }
}
