// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

/// Each in a process of its own: Python starts once.
@Suite("Python starts once, and says why it does not", .serialized, .timeLimit(.minutes(5)))
struct StartTests {
    @Test("Starting again with an equal configuration is fine, with another one it throws")
    func again() async {
        await #expect(processExitsWith: .success) {
            try await Python.start(PythonConfiguration(arguments: ["one"]))
            try await Python.start(PythonConfiguration(arguments: ["one"]))
            let error = await #expect(throws: AmaruError.self) {
                try await Python.start(PythonConfiguration(arguments: ["other"]))
            }
            #expect(error?.code == .alreadyStarted)
            #expect(try await PythonActor.run { try Python.eval("1", as: Int.self) } == 1)
        }
    }

    @Test("The first use starts with the defaults; another configuration then comes too late")
    func firstUse() async {
        await #expect(processExitsWith: .success) {
            try await PythonActor.run {}
            #expect(Python.isRunning)
            try await Python.start()
            let error = await #expect(throws: AmaruError.self) {
                try await Python.start(PythonConfiguration(developmentMode: true))
            }
            #expect(error?.code == .alreadyStarted)
        }
    }

    @Test("Starts at once from many tasks all succeed, and start once")
    func concurrently() async {
        await #expect(processExitsWith: .success) {
            try await withThrowingTaskGroup { group in
                for _ in 0..<20 { group.addTask { try await Python.start() } }
                try await group.waitForAll()
            }
            #expect(try await PythonActor.run { try Python.eval("40 + 2", as: Int.self) } == 42)
        }
    }

    @Test("A folder that is not a virtual environment is refused, with the command that makes one")
    func noEnvironment() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            let error = try await refusedStart(folder.path)
            #expect(error.message.contains("\(folder.path) is not a virtual environment"))
            #expect(error.message.contains("-m venv \(folder.path)"))
            try await expectNothingRuns(mentioning: folder.path)
        }
    }

    @Test("An environment of another version is refused, naming both")
    func otherVersion() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            let home = URL(fileURLWithPath: try LinkedPython.interpreter())
                .deletingLastPathComponent().path
            try folder.write("home = \(home)\nversion = 3.1.4\n", to: "pyvenv.cfg")
            let error = try await refusedStart(folder.path)
            #expect(error.message.contains("made by Python 3.1.4"))
            #expect(error.message.contains("linked with Python \(LinkedPython.version)"))
            try await expectNothingRuns(mentioning: "3.1.4")
        }
    }

    @Test("An environment of another installation of the same version is refused, naming both")
    func otherHome() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            try folder.write(
                "home = /opt/elsewhere/bin\nversion_info = \(LinkedPython.version).final.0\n",
                to: "pyvenv.cfg"
            )
            let error = try await refusedStart(folder.path)
            #expect(error.message.contains("in /opt/elsewhere/bin"))
            let home = URL(fileURLWithPath: try LinkedPython.interpreter())
                .deletingLastPathComponent().resolvingSymlinksInPath().path
            #expect(error.message.contains("in \(home)"))
            try await expectNothingRuns(mentioning: "/opt/elsewhere/bin")
        }
    }
}

/// Starts with an environment that is refused.
private func refusedStart(_ environment: String) async throws -> AmaruError {
    let error = try #require(
        await #expect(throws: AmaruError.self) {
            try await Python.start(PythonConfiguration(environment: environment))
        }
    )
    #expect(error.code == .environmentMismatch)
    return error
}

@PythonActor
private func isolatedAnswer() -> Int { 42 }

/// Checks that after a failed start each entry throws, and that jobs run nevertheless.
private func expectNothingRuns(mentioning reason: String) async throws {
    #expect(!Python.isRunning)
    #expect(await isolatedAnswer() == 42)

    func expectRefusal(_ name: String, _ entry: () async throws -> Void) async {
        let error = await #expect(throws: AmaruError.self, "\(name)") { try await entry() }
        #expect(error?.code == .notRunning, "\(name)")
        #expect(error?.message.contains(reason) == true, "\(name): \(error?.message ?? "")")
    }
    await expectRefusal("run") { try await PythonActor.run {} }
    await expectRefusal("source") { _ = try await Python.run("1") }
    await expectRefusal("file") { try await Python.runFile("1", path: "one.py") }
    await expectRefusal("register") { try await Python.register(PythonModule("never") {}) }
    await expectRefusal("eval") { try await evaluate() }
    await expectRefusal("blocking") {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detach {
                continuation.resume(with: Result { try PythonActor.runBlocking {} })
            }
        }
    }
    let again = await #expect(throws: AmaruError.self) { try await Python.start() }
    #expect(again?.code == .environmentMismatch)
    #expect(await Python.shutDown() == [])
    Python.interrupt()
}

@PythonActor
private func evaluate() throws { _ = try Python.eval("1") }
