// What a Ctrl-C does, by what the program is doing.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@testable import AmaruCLI

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct InterruptStateTests {
    private let handler: InterruptState.Handler = { _ in }

    @Test func `Each interrupt of what is under way has its number`() {
        var state = InterruptState()
        let before = state.begin(handler)
        #expect(before == nil)
        for expected in 1...3 {
            let number = state.interrupted()?.1
            #expect(number == expected)
        }
    }

    @Test func `One that comes before something begins counts for it`() {
        var state = InterruptState()
        let early = state.interrupted()
        #expect(early == nil)
        let number = state.begin(handler)?.1
        #expect(number == 1)
        let second = state.interrupted()?.1
        #expect(second == 2)
    }

    @Test func `What has ended is not interrupted, and what begins next starts at one`() {
        var state = InterruptState()
        _ = state.begin(handler)
        _ = state.interrupted()
        state.end()
        let fresh = state.begin(handler)
        #expect(fresh == nil)
        let number = state.interrupted()?.1
        #expect(number == 1)
    }
}

@Suite(.serialized, .timeLimit(.minutes(5))) struct InterruptRouteTests {
    @Test func `A signal cancels the task under way; later ones go to the other handler`() async {
        await #expect(processExitsWith: .success) {
            let route = try InterruptRoute { false }
            let again = Gate()
            await #expect(throws: CancellationError.self) {
                try await route.cancelling {
                    again.open()
                } _: {
                    kill(getpid(), SIGINT)
                    while !Task.isCancelled { await Task.yield() }
                    kill(getpid(), SIGINT)
                    again.wait()
                    throw CancellationError()
                }
            }
        }
    }

    @Test func `A signal counts too where the task returns all the same`() async {
        await #expect(processExitsWith: .success) {
            let route = try InterruptRoute { false }
            await #expect(throws: CancellationError.self) {
                try await route.cancelling {
                    kill(getpid(), SIGINT)
                    while !Task.isCancelled { await Task.yield() }
                }
            }
            // It is spent.
            try await route.cancelling {}
        }
    }

    @Test func `A line that is being read takes the signal`() async {
        await #expect(processExitsWith: .success) {
            let (lines, line) = AsyncStream<Void>.makeStream()
            let route = try InterruptRoute {
                line.finish()
                return true
            }
            let number = Lock(0)
            await route.during { _ in
                number.withLock { $0 = 1 }
            } _: {
                kill(getpid(), SIGINT)
                for await _ in lines {}
            }
            #expect(number.withLock { $0 } == 0)
        }
    }
}
