// Pages that go while nothing is sent to them.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Testing

@testable import AmaruServe

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite(.timeLimit(.minutes(5))) struct DisconnectTests {
    @Test func `A page that goes leaves no connection behind, however quiet its turn is`() async {
        await #expect(processExitsWith: .success) {
            let served = try await ServedScript(
                """
                import amaru, asyncio
                @amaru.reply
                async def answer(message):
                    yield "begun"
                    await asyncio.Event().wait()
                """
            )
            let page = served.page
            let turn = try await page.begin("go", in: page.converse())
            try await page.follow(turn) { _ in false }
            let before = try Self.openFiles()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 {
                    group.addTask { try await page.follow(turn) { _ in false } }
                }
                try await group.waitForAll()
            }
            // The suite's limit ends this if they stay.
            while try Self.openFiles() > before { await Task.yield() }
            #expect(try await page.send("POST", "turns/\(turn)/stop").status == 204)
            #expect(try await page.watch(turn).end == "stopped")
        }
    }

    private static func openFiles() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }
}
