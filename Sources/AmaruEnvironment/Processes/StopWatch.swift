// Notices when a process below a program has stopped itself.
// SPDX-License-Identifier: Apache-2.0

import Amaru

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Kills what has stopped for good below a program that has the terminal.
///
/// A shell waits for a program that it runs until that has ended, also if it has stopped itself;
/// then nobody is told. What the user stops is stopped together with this process, which looks
/// only while it runs itself. Jobs of a shell inside the program, in groups of their own, are its
/// own affair.
///
/// Only Linux tells of the processes below another one.
final class StopWatch: Sendable {
    private struct State {
        var isOver = false
        var hasKilled = false
    }

    private let state = Lock(State())

    /// How often it looks, and how often in a row a process must be found stopped.
    private static let pause: useconds_t = 250_000
    private static let patience = 4

    /// Starts to watch.
    ///
    /// - Throws: `PosixError` if no thread can be started.
    init(_ process: Int32) throws {
        #if os(Linux)
            try startThread("amaru-stops") { [self] in watch(process) }
        #endif
    }

    /// Whether something was killed.
    var hasKilled: Bool { state.withLock { $0.hasKilled } }

    func end() { state.withLock { $0.isOver = true } }

    private func watch(_ process: Int32) {
        var counts: [Int32: Int] = [:]
        while true {
            usleep(Self.pause)
            let stopped = Self.stopped(below: process)
            counts = Dictionary(uniqueKeysWithValues: stopped.map { ($0, (counts[$0] ?? 0) + 1) })
            let lost = counts.filter { $0.value >= Self.patience }.keys
            let isOver = state.withLock { state in
                // Not later, when the number may be another process's.
                guard !state.isOver else { return true }
                if !lost.isEmpty { state.hasKilled = true }
                for found in lost { kill(found, SIGKILL) }
                return false
            }
            if isOver { return }
        }
    }

    /// The processes of this job that are stopped, from one on downwards.
    private static func stopped(below process: Int32) -> [Int32] {
        var (found, left): ([Int32], [Int32]) = ([], [process])
        var known = Set(left)
        while let next = left.popLast() {
            // "PID (NAME) STATE PARENT GROUP …", and a name may hold anything.
            let rest = contents("/proc/\(next)/stat").split(separator: ")").last ?? ""
            let words = rest.split(separator: " ")
            if words.first == "T", words.dropFirst(2).first == "\(getpgrp())" {
                found.append(next)
            }
            let children = contents("/proc/\(next)/task/\(next)/children")
            for child in children.split(separator: " ").compactMap({ Int32($0) })
            where known.insert(child).inserted {
                left.append(child)
            }
        }
        return found
    }

    private static func contents(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        let bytes = try? PosixCall.readAll(descriptor, atMost: 1 << 16)
        return String(decoding: bytes ?? [], as: UTF8.self)
    }
}
