// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

/// Each in a process of its own: these streams are the process's.
@Suite("Standard streams of the process", .serialized, .timeLimit(.minutes(5)))
struct ProcessStreamTests {
    @Test("The configuration's targets take what has no route, from every thread")
    func processWide() async {
        await #expect(processExitsWith: .success) {
            let (output, errors) = (Recorder<String>(), Recorder<String>())
            var configuration = PythonConfiguration.ofThisRun
            configuration.streams = PythonStreams(
                output: { output.append($0) },
                errorOutput: { errors.append($0) },
                input: { "typed" }
            )
            try await Python.start(configuration)
            try await runAlone(
                """
                import asyncio, sys, threading
                print(input('name? '))
                thread = threading.Thread(target=print, args=('from a thread',))
                thread.start()
                thread.join()
                async def failing(): raise KeyError('unhandled')
                asyncio.get_event_loop_policy().get_event_loop().create_task(failing())
                """
            )
            let own = Recorder<String>()
            try await Python.withOutput(to: { own.append($0) }) {
                _ = try await runAlone("print('own')")
            }
            while errors.values.isEmpty { await Task.yield() }
            #expect(output.values.joined() == "name? typed\nfrom a thread\n")
            #expect(own.values.joined() == "own\n")
            #expect(errors.values.joined().contains("KeyError: 'unhandled'"))
            #expect(await Python.shutDown() == [])
        }
    }

    @Test("Without a target, text goes to the descriptors as before a route was used")
    func descriptors() async throws {
        let result = await #expect(
            processExitsWith: .success,
            observing: [\.standardOutputContent, \.standardErrorContent]
        ) {
            try await Python.start(.ofThisRun)
            try await Python.withOutput(to: { _ in }) { _ = try await runAlone("print('hidden')") }
            try await runAlone(
                """
                import sys
                print('shown', sys.stdout.fileno(), sys.stdin.fileno(), flush=True)
                sys.stdout.buffer.write(b'bytes')
                print('error', file=sys.stderr)
                """
            )
            #expect(await Python.shutDown() == [])
        }
        let output = String(decoding: try #require(result).standardOutputContent, as: UTF8.self)
        #expect(output.contains("shown 1 0\nbytes") && !output.contains("hidden"))
        let errors = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(errors.contains("error\n"))
    }
}
