// Child processes: output, end, groups, descriptors.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruEnvironment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite(.serialized, .timeLimit(.minutes(5))) struct EnvironmentProcessTests {
    func shell(
        _ script: String,
        input: ChildProcess.StandardInput = .null,
        error: ChildProcess.StandardError = .separate
    ) throws -> ChildProcess {
        try ChildProcess(
            executable: "/bin/sh",
            arguments: ["-c", script],
            environment: ["PATH": "/usr/bin:/bin"],
            standardInput: input,
            standardError: error
        )
    }

    func lines(_ stream: AsyncStream<String>) async -> [String] {
        await stream.reduce(into: []) { $0.append($1) }
    }

    @Test func `Both outputs arrive as lines, and the status after them`() async throws {
        let child = try shell("echo one; echo bad >&2; printf 'two\\rthree'; exit 3")
        #expect(await lines(child.standardOutput) == ["one", "two", "three"])
        #expect(await lines(child.standardError) == ["bad"])
        #expect(try await child.exitStatus() == .exited(3))
    }

    @Test func `A child whose output nobody waits for any more ends in order`() async throws {
        let folder = try TemporaryFolder()
        let started = folder.path + "/started"
        let script =
            "trap 'echo > \(folder.path)/cleaned; exit' TERM; echo > \(started); sleep 600 & wait"
        let child = try shell(script)
        let waiting = Task { try await child.output() }
        while !FileManager.default.fileExists(atPath: started) { await Task.yield() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(FileManager.default.fileExists(atPath: folder.path + "/cleaned"))
    }

    @Test func `A merged standard error keeps its place`() async throws {
        let child = try shell("echo one; echo two >&2; echo three", error: .merged)
        #expect(await lines(child.standardOutput) == ["one", "two", "three"])
    }

    @Test func `A signal is told from a code`() async throws {
        let child = try shell("kill -9 $$")
        #expect(try await child.exitStatus() == .signalled(SIGKILL))
    }

    @Test func `A program that is not there is an error that names it`() {
        let error = #expect(throws: PosixError.self) {
            try ChildProcess(executable: "/no/such/program", environment: [:])
        }
        #expect("\(try! #require(error))".contains("/no/such/program"))
    }

    @Test func `The child has only the given variables`() async throws {
        let child = try ChildProcess(
            executable: "/usr/bin/env",
            environment: ["ONLY": "this one"]
        )
        #expect(await lines(child.standardOutput) == ["ONLY=this one"])
    }

    @Test func `Terminating ends the whole group, even one that ignores the request`() async throws
    {
        let child = try shell("trap '' TERM; sleep 1000 & echo $!; wait; sleep 1000")
        var iterator = child.standardOutput.makeAsyncIterator()
        let grandchild = try #require(await iterator.next().flatMap { Int32($0) })
        let status = await child.terminate(grace: .milliseconds(50))
        #expect(status == .signalled(SIGKILL))
        // The pipe closes when the last of the group is gone.
        #expect(await iterator.next() == nil)
        while try !isGone(grandchild) { await Task.yield() }
    }

    @Test func `What the leader leaves behind is killed`() async throws {
        let child = try shell("sleep 1000 & echo $!")
        let output = await lines(child.standardOutput)
        let grandchild = try #require(output.first.flatMap { Int32($0) })
        while try !isGone(grandchild) { await Task.yield() }
        #expect(try await child.exitStatus() == .exited(0))
    }

    @Test func `Closing the input ends a child that reads it`() async throws {
        let child = try shell("cat; echo end", input: .pipe)
        #expect(child.isRunning)
        child.closeStandardInput()
        #expect(await lines(child.standardOutput) == ["end"])
    }

    @Test func `A waiting task can be cancelled and the child runs on`() async throws {
        let child = try shell("cat", input: .pipe)
        let waiting = Task { try await child.exitStatus() }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(child.isRunning)
        child.closeStandardInput()
        #expect(try await child.exitStatus() == .exited(0))
    }

    #if os(Linux)
        @Test func `The child gets no descriptor but the standard ones`() async throws {
            let leak = open("/dev/null", O_RDONLY)  // Without close-on-exec, on purpose.
            defer { close(leak) }
            let child = try shell("exec ls -l /proc/self/fd")
            let open = await lines(child.standardOutput).compactMap { line -> String? in
                guard let arrow = line.range(of: " -> ") else { return nil }
                return line[..<arrow.lowerBound].split(separator: " ").last.map(String.init)
            }
            // 3 is the folder that ls itself reads.
            #expect(open == ["0", "1", "2", "3"])
        }

        @Test func `The child blocks and ignores no signal`() async throws {
            let child = try withoutSignals {
                try ChildProcess(
                    executable: "/bin/grep",
                    arguments: ["Sig[BI]", "/proc/self/status"],
                    environment: [:]
                )
            }
            let masks = await lines(child.standardOutput)
            #expect(masks.count == 2)
            // glibc ignores its two internal signals, 32 and 33, in what it spawns.
            let clean = ["SigBlk:\t0000000000000000", "SigIgn:\t0000000180000000"]
            #expect(masks == clean || masks == [clean[0], "SigIgn:\t0000000000000000"])
        }

        @Test func `A hundred children leave no descriptor and no zombie`() async throws {
            _ = try await shell("exit 0").exitStatus()
            let before = try descriptors()
            for _ in 0..<100 {
                let child = try shell("echo x; echo y >&2", input: .pipe)
                #expect(await lines(child.standardOutput) == ["x"])
                #expect(await lines(child.standardError) == ["y"])
                _ = try await child.exitStatus()
                #expect(try isGone(child.identifier))
            }
            // Other suites open files meanwhile; a leak here would be of hundreds.
            #expect(try descriptors() < before + 50)
        }

        private func withoutSignals<Value>(_ body: () throws -> Value) rethrows -> Value {
            var mask = sigset_t()
            var former = sigset_t()
            sigfillset(&mask)
            pthread_sigmask(SIG_BLOCK, &mask, &former)
            defer { pthread_sigmask(SIG_SETMASK, &former, nil) }
            return try body()
        }

        private func descriptors() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        }
    #endif

    /// Whether a process has ended; a zombie that its new parent will reap counts.
    private func isGone(_ identifier: Int32) throws -> Bool {
        guard kill(identifier, 0) == 0 else { return errno == ESRCH }
        let stat = try String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8)
        return stat.contains(") Z ")
    }
}
