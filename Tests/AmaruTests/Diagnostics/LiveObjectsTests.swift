// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

/// Each in a process of its own, as counting is a matter of the configuration.
@Suite("What lives is counted by type", .serialized, .timeLimit(.minutes(5)))
struct LiveObjectsTests {
    final class Kept: PythonClassInstance, Sendable {
        static var pythonClass: PythonClass {
            PythonClass(Kept.self) { PythonInitializer { () in Kept() } }
        }
    }

    private static var counting: PythonConfiguration {
        var configuration = PythonConfiguration.ofThisRun
        configuration.countsObjects = true
        return configuration
    }

    private static func sets() async throws -> Int {
        try await PythonActor.run { try Python.liveObjects().handles["set"] ?? 0 }
    }

    @Test("Handles of one object and of several go up and down")
    func upAndDown() async {
        await #expect(processExitsWith: .success) {
            try await Python.start(Self.counting)
            #expect(try await Self.sets() == 0)
            try await PythonActor.run {
                var held = try (0..<3).map { _ in try Python.eval("set()") }
                held.append(try held[0].converted(to: PythonObject.self))
                let four = try Python.liveObjects().handles["set"]
                #expect(four == 4)
                held.removeLast()
                let three = try Python.liveObjects().handles["set"]
                #expect(three == 3)
                held = []
            }
            #expect(try await Self.sets() == 0)
        }
    }

    @Test("Handles that are dropped on other threads are counted out at once")
    func elsewhere() async {
        await #expect(processExitsWith: .success) {
            try await Python.start(Self.counting)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        for _ in 0..<100 {
                            _ = try? await PythonActor.run { try Python.eval("set()") }
                        }
                    }
                }
            }
            #expect(try await Self.sets() == 0)
        }
    }

    @Test("A handle that is never dropped is named at the end, and what is dropped is not")
    func planted() async {
        await #expect(processExitsWith: .success) {
            var configuration = Self.counting
            let (reports, continuation) = AsyncStream<PythonLiveObjects>.makeStream()
            configuration.onLeftOverObjects = { continuation.yield($0) }
            try await Python.start(configuration)
            try await Python.register(PythonModule("live_objects") { Kept.pythonClass })
            try await runAlone("import live_objects\nlive_objects.Kept()\nNone")
            try await PythonActor.run {
                try Python.exec("import live_objects, sys\nsys.kept = live_objects.Kept()")
                for _ in 0..<2 { _ = Unmanaged.passRetained(try Python.eval("{1, 2}")) }
                _ = try Python.eval("frozenset([1])")
            }
            await Python.shutDown()
            let report = try #require(await reports.first { _ in true })
            #expect(report.handles["set"] == 2)
            #expect(report.handles["frozenset"] == nil)
            #expect(report.instances == ["live_objects.Kept": 1])
            #expect("\(report)".contains("2 set held by Swift"))
            #expect("\(report)".contains("1 live_objects.Kept of Swift, held by Python"))
        }
    }

    @Test("Where nothing is counted the count is refused, and says how to get it")
    func off() async {
        await #expect(processExitsWith: .success) {
            var configuration = PythonConfiguration.ofThisRun
            configuration.onLeftOverObjects = { _ in Issue.record("nothing was counted") }
            try await Python.start(configuration)
            let error = await #expect(throws: AmaruError.self) {
                try await PythonActor.run { try Python.liveObjects() }
            }
            #expect(error?.code == .notCounting)
            #expect(error?.message.contains("countsObjects: true") == true)
            await Python.shutDown()
        }
    }
}
