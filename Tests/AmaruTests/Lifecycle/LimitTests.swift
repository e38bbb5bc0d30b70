// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

/// Each in a process of its own, whose limits are lowered.
@Suite("A limit of the process is an error, and no trap", .serialized, .timeLimit(.minutes(5)))
struct LimitTests {
    @Test("Without descriptors Python does not start, and says why", arguments: [0, 1])
    func noDescriptors(spare: Int) async {
        await #expect(processExitsWith: .success) { [spare] in
            leaveDescriptors(spare)
            let error = await #expect(throws: AmaruError.self) { try await Python.start() }
            #expect(error?.code == .resourceLimit)
            #expect(error?.message.contains("ulimit -n") == true)
            // A job still runs, and its entry throws.
            let later = await #expect(throws: AmaruError.self) { try await PythonActor.run {} }
            #expect(later?.code == .notRunning)
        }
    }

    @Test("With few descriptors each step works or throws", arguments: 2..<16)
    func fewDescriptors(spare: Int) async {
        await #expect(processExitsWith: .success) { [spare] in
            leaveDescriptors(spare)
            do {
                try await Python.start()
                try await Python.run("import asyncio\nawait asyncio.sleep(0)")
            } catch let error as AmaruError {
                #expect(error.code == .resourceLimit)
                #expect(error.message.contains("ulimit -n"))
            } catch let error as PythonException {
                #expect(error.message.contains("Too many open files"))
            }
        }
    }

    @Test("Without memory for a thread Python does not start, and says why")
    func noMemory() async {
        await #expect(processExitsWith: .success) {
            // Less than the thread's stack of 16, and enough for what a sanitizer maps.
            try leaveAddressSpace(megabytes: 15)
            let error = await #expect(throws: AmaruError.self) { try await Python.start() }
            #expect(error?.code == .resourceLimit)
            #expect(error?.message.contains("ulimit -v") == true)
        }
    }
}

/// Lets the process open so many more descriptors.
private func leaveDescriptors(_ spare: Int) {
    let limit = rlimit(rlim_cur: 64, rlim_max: 64)
    withUnsafePointer(to: limit) { _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), $0) }
    var opened: [Int32] = []
    while case let descriptor = open("/dev/null", O_RDONLY), descriptor >= 0 {
        opened.append(descriptor)
    }
    for descriptor in opened.prefix(spare) { close(descriptor) }
}

/// Lets the process have so much more memory.
private func leaveAddressSpace(megabytes: Int) throws {
    let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    let used = (Int(pages.split(separator: " ")[0]) ?? 0) * Int(getpagesize())
    let size = rlim_t(used + megabytes << 20)
    let limit = rlimit(rlim_cur: size, rlim_max: size)
    withUnsafePointer(to: limit) { _ = setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), $0) }
}
