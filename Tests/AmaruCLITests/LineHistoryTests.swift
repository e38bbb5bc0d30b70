// The history of lines: in memory, searched, and on disk.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Synchronization
import Testing

@testable import AmaruCLI

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct LineHistoryTests {
    @Test func `Up finds lines that begin as the typed one does, if there are any`() {
        var history = LineHistory()
        for line in ["git log", "make", "git diff", "git diff", " secret", "  "] {
            history.add(line)
        }
        #expect(history.lines == ["git log", "make", "git diff"])
        #expect(history.previous(from: "git", searches: true) == "git diff")
        #expect(history.previous(from: "git diff", searches: true) == "git log")
        #expect(history.previous(from: "git log", searches: true) == nil)
        #expect(history.next() == "git diff")
        #expect(history.next() == "git")
        #expect(history.next() == nil)
        #expect(history.previous(from: "no such", searches: true) == "git diff")
        history.leave()
        #expect(history.previous(from: "git", searches: false) == "git diff")
        #expect(history.previous(from: "git diff", searches: false) == "make")
    }

    @Test func `The lines and the bytes kept have a bound`() {
        var history = LineHistory()
        for number in 0..<1100 { history.add("\(number)") }
        #expect(history.lines.count == 1000 && history.lines.last == "1099")
        let large = String(repeating: "x", count: 3 << 20)
        for number in 0..<4 { history.add("\(number)" + large) }
        #expect(history.lines.map { $0.prefix(1) } == ["2", "3"])
    }

    @Test func `A search goes to older and newer matches, and gives up to the draft`() {
        var editor = LineEditor()
        editor.remember(["alpha one", "Beta", "alpha two", "alpha two x", "日本 alpha"], as: .input)
        func press(_ keys: String) -> [LineEditor.Action] {
            keys.utf8.compactMap { editor.feed($0) }
        }
        #expect(press("draft\u{12}alpha").isEmpty)
        #expect(editor.string == "日本 alpha" && editor.buffer.cursor == 3)
        #expect(press("\u{12}\u{12}").isEmpty && editor.string == "alpha two")
        #expect(press("\u{13}").isEmpty && editor.string == "alpha two x")
        #expect(press("\u{12}\u{12}").isEmpty && editor.string == "alpha one")
        #expect(press("\u{7}").isEmpty && editor.string == "draft")
        #expect(press("\u{12}Al").isEmpty && editor.string == "draft")
        #expect(editor.search?.hasFailed == true)
        #expect(press("\u{7F}\u{7F}be").isEmpty && editor.string == "Beta")
        #expect(press("\r") == [.submit("Beta")])
        #expect(press("\u{12}two\u{1B}[C!").isEmpty && editor.string == "alpha t!wo x")
    }

    @Test(
        "Enter ends a message that is at its end",
        arguments: [
            ("one", .closed("one")), ("one\\", .continued), ("one\\\\", .closed("one\\\\")),
            ("\"\"\"", .open), ("\"\"\"one\ntwo", .open),
            ("\"\"\"one\ntwo\"\"\"", .closed("one\ntwo")),
            ("\"\"\"\none\n\"\"\" ", .closed("one")), ("say \"\"\"", .closed("say \"\"\"")),
            ("\"\"\"\"\"\"", .closed("")), ("", .closed("")),
        ] as [(String, MessageEnd)]
    )
    func ends(text: String, end: MessageEnd) {
        #expect(MessageEnd(of: Array(text)) == end)
    }

    @Test func `A backslash goes on in the next line of a message, and of nothing else`() {
        var editor = LineEditor()
        editor.kind = .message
        #expect("a\\\rb\r".utf8.compactMap { editor.feed($0) } == [.submit("a\nb")])
        #expect("\"\"\"a\rb\"\"\"\r".utf8.compactMap { editor.feed($0) } == [.submit("a\nb")])
        editor.kind = .source
        #expect("a\\\r".utf8.compactMap { editor.feed($0) } == [.submit("a\\")])
    }
}

@Suite(.timeLimit(.minutes(10))) struct HistoryFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var path: String { folder.url.appending(path: "history").path }
    private var file: HistoryFile { HistoryFile(path: path) }

    @Test func `Entries come back as they were, and only the user can read them`() throws {
        let entries = ["one", "two\nlines", "a\\nb \\", "tab\tx", "日本 👩‍👩‍👧", "\n", "\\"]
        #expect(try file.load() == [])
        for entry in entries { try file.append(entry) }
        #expect(try file.load() == entries)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(chmod(path, 0o644) == 0)
        try file.append("more")
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test func `A row that was cut off harms no other`() throws {
        try file.append("one")
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("cut \\".utf8) + Data([0xC3]))
        try handle.close()
        try file.append("two")
        #expect(try file.load() == ["one", "cut \u{FFFD}", "two"])
    }

    @Test func `Several writers at once lose nothing, also while the file is made shorter`()
        async throws
    {
        let (writers, lines) = (4, 200)
        var small = file
        small.size = 16 * 1024
        let failures = await withTaskGroup { group in
            for writer in 0..<writers {
                group.addTask { [small] in
                    (0..<lines).reduce(0) { failures, number in
                        let line = "\(writer) \(number) \(String(repeating: "-", count: 50))"
                        return failures + ((try? small.append(line)) == nil ? 1 : 0)
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(failures == 0)
        let entries = try small.load()
        #expect(entries.count > 100 && entries.count < writers * lines)
        #expect(entries.allSatisfy { $0.hasSuffix(" " + String(repeating: "-", count: 50)) })
        for writer in 0..<writers {
            let numbers = entries.map { $0.split(separator: " ") }
                .filter { $0[0] == "\(writer)" }.compactMap { Int($0[1]) }
            // The last ones of each, in order and without a gap.
            #expect(numbers == Array(lines - numbers.count..<lines))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["history"])
    }

    @Test func `Escapes that others have written into the file are taken out`() throws {
        try folder.write("one\u{1B}[2J\\n\u{9B}31mtwo\u{7}\n", to: "history")
        #expect(try file.load() == ["one\ntwo"])
    }

    @Test func `What is no file is refused, and a large entry left out`() throws {
        try file.append(String(repeating: "x", count: 64 * 1024 + 1))
        #expect(try file.load() == [])
        let pipe = HistoryFile(path: folder.url.appending(path: "pipe").path)
        #expect(mkfifo(pipe.path, 0o600) == 0)
        #expect(throws: PosixError.self) { try pipe.append("x") }
        #expect(throws: PosixError.self) { try pipe.load() }
        #expect(throws: PosixError.self) { try HistoryFile(path: folder.path).append("x") }
    }

    @Test func `A history keeps no key and no blank, and says once what fails`() throws {
        let said = Mutex<[String]>([])
        let history = InputHistory(
            folder: folder.url.appending(path: "state"),
            isSecret: { $0.contains("sk-") },
            report: { text in said.withLock { $0.append(text) } }
        )
        #expect(history.load(.message) == [])
        for line in ["one", "my key is sk-1", " hidden", "\n", "one", "two"] {
            history.append(line, as: .message)
        }
        history.append("python", as: .source)
        history.append("an answer", as: .input)
        history.drain(within: 10)
        let chat = HistoryFile(path: folder.url.appending(path: "state/chat_history").path)
        #expect(try chat.load() == ["one", "two"])
        let next = InputHistory(
            folder: folder.url.appending(path: "state"),
            isSecret: { _ in false },
            report: { _ in }
        )
        #expect(next.load(.source) == ["python"])
        #expect(next.load(.source) == [])
        #expect(said.withLock { $0 } == [])
        try folder.write("", to: "file")
        let broken = InputHistory(
            folder: folder.url.appending(path: "file/state"),
            isSecret: { _ in false },
            report: { text in said.withLock { $0.append(text) } }
        )
        for line in ["one", "two"] { broken.append(line, as: .message) }
        broken.drain(within: 10)
        #expect(said.withLock { $0.count } == 1)
    }
}
