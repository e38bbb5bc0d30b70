// What is in the store when processes are killed, write at once, or cannot write.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

@testable import AmaruStore

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(10))) struct KeptConversationTests {
        private static let words = (0..<300).map { "word\($0) " }
        /// How often the command is killed.
        private static let kills =
            ProcessInfo.processInfo.environment["AMARU_KILL_ROUNDS"].flatMap(Int.init) ?? 20

        let folder: TemporaryFolder

        init() throws { folder = try TemporaryFolder() }

        private var path: String { folder.path + "/.local/share/amaru/conversations.db" }

        private func store() throws -> ConversationStore {
            try #require(try ConversationStore.existing(at: path))
        }

        /// A server whose answers come word by word, every few milliseconds.
        private static func slowServer() -> ScriptedServer {
            ScriptedServer { _, _ in
                var steps: [ScriptedResponse.Step] = [
                    .text(ScriptedResponse.head("text/event-stream"))
                ]
                for word in words {
                    let gate = Gate()
                    steps += [
                        .text(delta(word)),
                        .call {
                            Task {
                                try? await Task.sleep(for: .milliseconds(5))
                                gate.open()
                            }
                        },
                        .wait(gate),
                    ]
                }
                return ScriptedResponse(steps + [.text("data: [DONE]\n\n"), .close])
            }
        }

        /// When each word was seen, until there are no more.
        private static func times(in process: AmaruProcess) async -> [ContinuousClock.Instant] {
            var seen: [ContinuousClock.Instant] = []
            for word in words {
                guard (try? await process.waitForOutput(word)) != nil else { break }
                seen.append(.now)
            }
            return seen
        }

        @Test func `A process that is killed leaves its turn, as far as it was shown, marked`()
            async throws
        {
            let server = Self.slowServer()
            try await withChat(server) { options in
                let start = ContinuousClock.now
                _ = try await AmaruProcess.run(options + ["a whole answer"], in: folder)
                let whole = start.duration(to: .now)
                var generator = SeededGenerator(seed: 7)
                for round in 0..<Self.kills {
                    let question = "round \(round)"
                    let process = try AmaruProcess(options + [question], in: folder)
                    async let times = Self.times(in: process)
                    try await Task.sleep(for: whole * Double.random(in: 0...1, using: &generator))
                    let killed = ContinuousClock.now
                    process.signal(SIGKILL)
                    let status = try await process.end()
                    // All that was shown a second before is kept.
                    let due = await times.count { $0.duration(to: killed) > .seconds(1) }
                    let store = try store()
                    let check = try store.database.rows("PRAGMA integrity_check") { $0.text(0) }
                    #expect(check == ["ok"])
                    let id = try #require(try store.latest(isBuiltIn: true))
                    let turn = try #require(try store.load(id)?.branch.first)
                    guard turn.question == question else {
                        #expect(due == 0, "the turn of \(question) is not kept")
                        continue
                    }
                    // It may have been faster than the one that was measured.
                    let isKilled = status == .signalled(SIGKILL)
                    if !isKilled { #expect(turn.state == .finished) }
                    #expect(turn.state == .interrupted || turn.answer == Self.words.joined())
                    #expect(Self.words.joined().hasPrefix(turn.answer))
                    #expect(turn.answer.hasPrefix(Self.words.prefix(due).joined()), "\(question)")
                }
            }
        }

        @Test func `Two processes that write at once lose nothing`() async throws {
            let server = ScriptedServer { request, _ in
                let asked = (try? ChatBody(request).messages.last?.content) ?? ""
                return .chat("answer to \(asked)")
            }
            let rounds = 4
            try await withChat(server) { options in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for writer in 0..<2 {
                        group.addTask { [folder] in
                            for round in 0..<rounds {
                                let result = try await AmaruProcess.run(
                                    options + ["question \(writer) \(round)"],
                                    in: folder
                                )
                                #expect(result.errors == "", "\(result)")
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            let store = try store()
            let all = try store.list().map { try #require(try store.load($0.id)).branch[0] }
            let expected = (0..<2).flatMap { writer in
                (0..<rounds).map { "answer to question \(writer) \($0)" }
            }
            #expect(Set(all.map(\.answer)) == Set(expected))
            #expect(all.allSatisfy { $0.state == .finished })
        }

        @Test func `Two processes that go on with one conversation lose nothing`() async throws {
            let server = ScriptedServer { request, _ in
                let asked = (try? ChatBody(request).messages.last?.content) ?? ""
                return .chat("answer to \(asked)")
            }
            let rounds = 4
            try await withChat(server) { options in
                _ = try await AmaruProcess.run(options + ["first"], in: folder)
                let id = try #require(try self.store().latest(isBuiltIn: true))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for writer in 0..<2 {
                        group.addTask { [folder] in
                            for round in 0..<rounds {
                                let result = try await AmaruProcess.run(
                                    options + ["-c", id, "question \(writer) \(round)"],
                                    in: folder
                                )
                                let notices = result.errors.split(separator: "\n")
                                let isSaid = notices.first?.hasPrefix("amaru: going on with \(id)")
                                #expect(isSaid == true && notices.count == 1, "\(result)")
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            let store = try store()
            #expect(try store.list().count == 1)
            let id = try #require(try store.latest(isBuiltIn: true))
            let whole = try #require(try store.load(id))
            let questions = (0..<2).flatMap { writer in
                (0..<rounds).map { "question \(writer) \($0)" }
            }
            #expect(Set(whole.turns.map(\.question)) == Set(questions + ["first"]))
            #expect(whole.turns.allSatisfy { $0.answer == "answer to \($0.question)" })
            #expect(whole.turns.allSatisfy { $0.state == .finished })
            // Those who asked at once have branches of their own.
            #expect(whole.isTree && whole.ends.allSatisfy { whole.path(to: $0.id).count > 1 })
        }

        @Test func `The key is not in the store, whoever says it`() async throws {
            let key = "sk-not-in/the+store-42"
            let server = ScriptedServer([.chat("You said \(key), did you?")])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(
                    options + ["--key-env", "TEST_KEY", "Is \(key) my key?"],
                    in: folder,
                    environment: ["TEST_KEY": key]
                )
            }
            #expect(result.status == .exited(0), "\(result)")
            let turn = try #require(try store().load(store().list()[0].id)?.branch.first)
            #expect(turn.question.hasPrefix("Is ***"), "\(turn)")
            let data = folder.url.appending(path: ".local")
            for name in try FileManager.default.subpathsOfDirectory(atPath: data.path) {
                let contents = FileManager.default.contents(atPath: data.path + "/" + name)
                for part in [key, "store-42", "amaru-placeholder-"] {
                    #expect(contents?.range(of: Data(part.utf8)) == nil, "\(part) in \(name)")
                }
            }
        }

        // MARK: Where nothing can be written

        /// Asks two questions on a terminal, and returns what was shown.
        private func conversation(
            _ options: [String],
            shell: String = #"exec "$@""#
        ) async throws -> String {
            let terminal = try PseudoTerminal(columns: 300)
            let chat = try AmaruProcess(
                options,
                on: terminal,
                in: folder,
                environment: ["XDG_DATA_HOME": folder.path + "/data"],
                shell: shell
            )
            for number in 1...2 {
                try await terminal.waitFor("> ")
                try terminal.send("question \(number)\r")
                try await terminal.waitFor("answer \(number)")
            }
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
            return terminal.output
        }

        @Test(arguments: ["damaged", "newer", "a file"])
        func `A store that cannot be used is said once, and the chat goes on`(
            _ fault: String
        ) async throws {
            let file = folder.url.appending(path: "data/amaru/conversations.db")
            switch fault {
            case "damaged":
                try folder.write("no database, but text", to: "data/amaru/conversations.db")
            case "newer":
                let made = try ConversationStore(creating: file.path)
                try made.database.script("PRAGMA user_version = 9")
            default:
                try folder.write("", to: "data")
            }
            let before = try? Data(contentsOf: file)
            let server = ScriptedServer([.chat("answer 1"), .chat("answer 2")])
            let shown = try await withChat(server) { try await conversation($0) }
            #expect(shown.components(separatedBy: "is not kept").count == 2, "\(shown)")
            #expect((try? Data(contentsOf: file)) == before)
        }

        /// Whether this process may mount folders, found out once.
        private static let mayMount = Task {
            let trial = try await AmaruProcess.run(
                ["--mount", "sh", "-c", "mount -t tmpfs none /mnt"],
                of: "/usr/bin/unshare"
            )
            return trial.status == .exited(0)
        }

        @Test(
            .enabled("mounting needs a right that this process has not") {
                (try? await mayMount.value) ?? false
            },
            arguments: ["ro", "size=64k"]
        )
        func `A folder that is read-only or full is said once, and the chat goes on`(
            _ mount: String
        ) async throws {
            try FileManager.default.createDirectory(
                atPath: folder.path + "/data",
                withIntermediateDirectories: true
            )
            // In the namespace of the command alone.
            let mounting = #"mount -t tmpfs -o \#(mount) none data"#
            let answers = (1...2).map { number in
                let long = String(repeating: "long ", count: 4_000)
                return ScriptedResponse.chat("answer \(number) \(long)")
            }
            let shell = #"""
                exec unshare --mount sh -c '\#(mounting) && "$@"; status=$?
                "$1" history >listed 2>&1; exit $status' sh "$@"
                """#
            let shown = try await withChat(ScriptedServer(answers)) {
                try await conversation($0, shell: shell)
            }
            for words in ["cannot be written now", "this conversation is not kept"] {
                #expect(shown.components(separatedBy: words).count == 2, "\(shown.suffix(900))")
            }
            let listed = folder.url.appending(path: "listed")
            let said = try String(contentsOf: listed, encoding: .utf8)
            #expect(said == "There are no conversations.\n")
        }

        @Test(
            .enabled("mounting needs a right that this process has not") {
                (try? await mayMount.value) ?? false
            },
            arguments: ["mount -o remount,ro data", "dd if=/dev/zero of=data/all 2>&- || true"]
        )
        func `What was in a folder that became read-only or full is still there`(
            _ change: String
        ) async throws {
            try FileManager.default.createDirectory(
                atPath: folder.path + "/data",
                withIntermediateDirectories: true
            )
            let mounting = "mount -t tmpfs -o size=4m none data && cp -r old/. data && \(change)"
            let shell = #"""
                exec unshare --mount sh -c '\#(mounting) && "$@"; status=$?
                cp -r data/amaru new && exit $status' sh "$@"
                """#
            let answers = (0...2).map { ScriptedResponse.chat("answer \($0)") }
            let shown = try await withChat(ScriptedServer(answers)) { options in
                _ = try await AmaruProcess.run(
                    options + ["an earlier question"],
                    in: folder,
                    environment: ["XDG_DATA_HOME": folder.path + "/old"]
                )
                return try await conversation(options, shell: shell)
            }
            for words in ["cannot be written now", "is not kept"] {
                #expect(shown.components(separatedBy: words).count == 2, "\(shown.suffix(900))")
            }
            let new = try #require(
                try ConversationStore.existing(at: folder.path + "/new/conversations.db")
            )
            let check = try new.database.rows("PRAGMA integrity_check") { $0.text(0) }
            #expect(check == ["ok"])
            #expect(try new.list().count == 1)
            let id = try #require(try new.latest(isBuiltIn: true))
            let turn = try #require(try new.load(id)?.branch.first)
            #expect(turn.question == "an earlier question" && turn.answer == "answer 0")
        }
    }
}
