// The parts behind the options of an answer, without a process.
// SPDX-License-Identifier: Apache-2.0

// swift-format-ignore-file: OrderedImports

#if canImport(Glibc)
    // First: what libc declares would else be taken for that of Python's header, which has it too.
    import Glibc
#endif

import AmaruChat
import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@testable import AmaruCLI

@Suite struct AnswerPartsTests {
    @Test(
        arguments: [
            ("temperature=0.2", "0.2"), ("stop=[\"a\", 1]", "[\"a\", 1]"), ("user=Ada", "\"Ada\""),
            ("user=", "\"\""), ("a=b=c", "\"b=c\""), ("big=123456789012345678901234567890", nil),
            ("n=null", "null"), ("x=NaN", "\"NaN\""), ("y={\"a\": }", "\"{\\\"a\\\": }\""),
        ] as [(String, String?)]
    )
    func `A value is JSON if it can be, else a text`(text: String, json: String?) throws {
        let option = try RequestOption(parsing: text)
        #expect(option.json == json ?? String(text.drop { $0 != "=" }.dropFirst()))
    }

    @Test(arguments: ["temperature", "=1", "model=x", "messages=[]", "stream=false"])
    func `An option that cannot be one is refused`(text: String) {
        #expect(throws: RequestOption.ParseError.self) { try RequestOption(parsing: text) }
    }

    @Test(
        arguments: [
            ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0], "x.txt", "image/png"),
            ([0xFF, 0xD8, 0xFF, 0xE0, 0], "p", "image/jpeg"),
            (Array("RIFF\0\0\0\0WEBP".utf8), "p", "image/webp"),
            (Array("RIFF\0\0\0\0WAVE".utf8), "p", "audio/wav"),
            (Array("%PDF-1.7 plain".utf8), "p", "application/pdf"),
            (Array("grün".utf8), "a.md", "text/markdown"),
            (Array("BM is a text".utf8), "a", "text/plain"),
            ([0xC3, 0x28], "a.txt", "application/octet-stream"),
            (Array("PK\u{3}\u{4}\0".utf8), "a.docx", "application/zip"),
        ] as [([UInt8], String, String)]
    )
    func `A type is found by the content`(bytes: [UInt8], name: String, type: String) {
        #expect(MediaType.of(bytes, name: name) == type)
    }

    @Test func `What cannot be sent comes with a remedy`() {
        #expect(MediaType.remedy(for: "image/png", name: "a") == nil)
        #expect(MediaType.remedy(for: "image/svg+xml", name: "a.svg") == nil)
        #expect(MediaType.remedy(for: "image/heic", name: "a") == "convert it to PNG or JPEG")
        #expect(
            MediaType.remedy(for: "application/zip", name: "a.DOCX") == "export it as PDF or text"
        )
    }

    @Test func `Words of a line name files, and other words do not`() throws {
        let folder = try TemporaryFolder()
        for name in ["a.txt", "two words.md", "p.png", "n.txt"] {
            try folder.write("x", to: name)
        }
        let path = folder.path
        let cases: [(String, [String])] = [
            ("look at @\(path)/a.txt, please", ["a.txt"]),
            ("@\(path)/a.txt @\(path)/a.txt", ["a.txt"]),
            ("@\"\(path)/two words.md\" and @\(path)/two\\ words.md", ["two words.md"]),
            ("'\(path)/p.png'", ["p.png"]),
            ("file://\(path)/p.png what is it?", ["p.png"]),
            ("\(path)/n.txt it's mail@\(path)/a.txt @\(path)/none @ada @", []),
            ("@~/a.txt", ["a.txt"]),
        ]
        for (line, names) in cases {
            let found = AttachedPaths.find(in: line, home: path)
            #expect(found == names.map { "\(path)/\($0)" }, "\(line)")
        }
    }

    @Test func `What looks like a file and is sent as text is told`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        try folder.write("x", to: "n.txt")
        try folder.write("x", to: "p.png")
        let told = ["@nofile.txt what?", "see @\(path)/none", "@./none", "what is @src/a.swift"]
        for line in told {
            let notice = try #require(AttachedPaths.notice(about: line, home: path), "\(line)")
            #expect(notice.hasPrefix("there is no file "), "\(notice)")
        }
        let pasted = "@\(path)/n.txt attaches the file"
        for line in ["\(path)/n.txt", "what is in \(path)/n.txt", "\(path)/n.txt what is it?"] {
            #expect(AttachedPaths.notice(about: line, home: path)?.hasSuffix(pasted) == true)
        }
        let others = [
            "@ada and @bob.", "ada@example.com", "@app.get(\"/\")", "@pytest.fixture", "@",
            "\(path)/p.png", "@\(path)/n.txt, what?", path, "/help", "a \(path)/n.txt b",
        ]
        for line in others {
            #expect(AttachedPaths.notice(about: line, home: path) == nil, "\(line)")
        }
    }

    @Test func `Figures of an answer`() {
        let start = ContinuousClock.now
        var figures = AnswerFigures(at: start)
        figures.note(.notice("x"), at: start + .milliseconds(10))
        figures.note(.reasoning("hm"), at: start + .milliseconds(312))
        figures.note(.text("a"), at: start + .milliseconds(400))
        figures.note(.usage(prompt: 12, completion: 46), at: start + .seconds(1))
        var exchange = HTTPExchangeTimings()
        exchange.opened = start + .milliseconds(1)
        exchange.connected = start + .milliseconds(21)
        exchange.firstByte = start + .milliseconds(101)
        let end = start + .milliseconds(1812)
        #expect(
            figures.line(.finished(reason: "stop"), exchange, at: end)
                == "answer: start 1 ms, connection 20 ms, response 100 ms, first token 311 ms, "
                + "whole answer 1.8 s, 12 + 46 tokens, 30.0 tokens/s, finish reason stop"
        )
        // The last exchange may be one of an earlier answer.
        exchange.opened = start - .seconds(1)
        var other = AnswerFigures(at: start)
        #expect(other.line(.cancelled, exchange, at: end) == nil)
        other.note(.text("a"), at: start + .seconds(1))
        #expect(
            other.line(.cancelled, exchange, at: end)
                == "answer: first token 1.0 s, whole answer 1.8 s, tokens not counted by the server"
        )
    }

    @Test func `A file is there whole, or in part under another name, or not at all`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/a.txt"
        try folder.write("old", to: "a.txt", permissions: 0o640)
        func names() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        }
        func write(_ text: String) throws -> AnswerFile {
            let file = try AnswerFile(path)
            try TerminalOutput.write(text, to: file.descriptor)
            return file
        }
        #expect(try write("").keepPart(isEmpty: true) == nil)
        #expect(try names() == ["a.txt"])
        #expect(try write("half").keepPart(isEmpty: false)?.hasSuffix("a.txt.partial") == true)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
        #expect(try String(contentsOfFile: path + ".partial", encoding: .utf8) == "half")
        try write("new").publish()
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
        #expect(try names() == ["a.txt", "a.txt.partial"])
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect((mode as? NSNumber)?.intValue == 0o640)
    }

    @Test func `A link to a file stays one`() throws {
        let folder = try TemporaryFolder()
        try folder.write("old", to: "there/a.txt")
        let link = folder.path + "/link"
        try FileManager.default.createSymbolicLink(
            atPath: link,
            withDestinationPath: folder.path + "/there/a.txt"
        )
        let file = try AnswerFile(link)
        try TerminalOutput.write("new", to: file.descriptor)
        try file.publish()
        #expect(try String(contentsOfFile: link, encoding: .utf8) == "new")
        #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: link)) != nil)
    }
}
