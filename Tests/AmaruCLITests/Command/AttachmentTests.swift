// Files that go with a message: by option, from a server, in a conversation, for a script.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct AttachmentTests {
        private let folder: TemporaryFolder
        private static let png = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 1, 2, 3])

        init() throws {
            folder = try TemporaryFolder()
            try Self.png.write(to: folder.url.appending(path: "p.png"))
            try folder.write("grün\n", to: "notes.txt")
        }

        private func content(_ request: RecordedRequest?) throws -> [[String: Any]] {
            let body = try JSONSerialization.jsonObject(with: try #require(request).body)
            let messages = (body as? [String: Any])?["messages"] as? [[String: Any]]
            return try #require(messages?.last?["content"] as? [[String: Any]])
        }

        private static func url(_ part: [String: Any]?) -> String? {
            (part?["image_url"] as? [String: String])?["url"]
        }

        @Test func `Files, a URL and standard input go with a prompt`() async throws {
            let server = ScriptedServer([.chat("fine")])
            let files = ScriptedServer([
                ScriptedResponse([
                    .text(
                        ScriptedResponse.head(headers: [
                            ("Content-Type", "image/png"), ("Content-Length", "\(Self.png.count)"),
                        ])
                    ), .bytes(Self.png),
                ])
            ])
            try await files.start()
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(
                    options + [
                        "-a", "p.png", "-a", "\(files.url)/remote.png", "-a", "-", "-a",
                        "notes.txt", "what", "is this?",
                    ],
                    input: "piped text",
                    in: folder
                )
            }
            await files.shutDown()
            #expect(result == .init(status: .exited(0), output: "fine\n", errors: ""))
            let parts = try content(server.requests.first)
            #expect(
                parts[0]["text"] as? String == "<file name=\"stdin\">\npiped text\n</file>\n\n"
                    + "<file name=\"notes.txt\">\ngrün\n</file>\n\nwhat is this?"
            )
            let encoded = "data:image/png;base64,\(Self.png.base64EncodedString())"
            #expect(parts[1...].map { Self.url($0) } == [encoded, encoded])
            #expect(files.requests.map(\.path) == ["/remote.png"])
        }

        @Test func `A conversation attaches what a line names, and says so`() async throws {
            try folder.write("PK\u{3}\u{4}\0", to: "z.zip")
            let server = ScriptedServer([.chat("a picture"), .chat("still")])
            let terminal = try PseudoTerminal()
            try await withChat(server) { options in
                let chat = try AmaruProcess(options, on: terminal, in: folder)
                try await terminal.waitFor("> ")
                try terminal.send("what is @z.zip?\r")
                try await terminal.waitFor("unpack it, and attach the files; the message was not")
                try terminal.send("what is @p.png?\r")
                try await terminal.waitFor("attached p.png (image/png, 12 bytes)")
                try await terminal.waitFor("a picture")
                try terminal.send("write to @ada\r")
                try await terminal.waitFor("still")
                try terminal.send("\u{4}")
                #expect(try await chat.end() == .exited(0))
            }
            #expect(server.requests.count == 2)
            let parts = try content(server.requests.first)
            #expect(parts.first?["text"] as? String == "what is @p.png?")
            #expect(Self.url(parts.last)?.hasPrefix("data:image/png;base64,iVBORw0K") == true)
        }

        @Test func `A refused picture comes with advice`() async throws {
            let refusal = ScriptedResponse.apiError("image input is not supported", status: 400)
            let server = ScriptedServer([refusal, refusal])
            let terminal = try PseudoTerminal()
            try await withChat(server) { options in
                let chat = try AmaruProcess(options, on: terminal, in: folder)
                try await terminal.waitFor("> ")
                try terminal.send("what is @p.png?\r")
                try await terminal.waitFor("send the message without p.png, or ask another model: ")
                try await terminal.waitFor("/model NAME")
                try terminal.send("\u{4}")
                #expect(try await chat.end() == .exited(0))
                let run = options + ["-a", "p.png", "what?"]
                let result = try await AmaruProcess.run(run, in: folder)
                #expect(result.errors.hasSuffix("or ask another model: --model NAME\n"))
            }
        }

        @Test func `Files stay with their question: asked again, gone on with, exported`()
            async throws
        {
            let server = ScriptedServer((1...4).map { .chat("answer \($0)") })
            let key = "sk-in-a-file-4711"
            try folder.write("the key is \(key)\n", to: "notes.txt")
            let environment = ["OPENAI_API_KEY": key]
            let terminal = try PseudoTerminal()
            let exported = try await withChat(server) { options in
                let chat = try AmaruProcess(
                    options + ["-a", "p.png"],
                    on: terminal,
                    in: folder,
                    environment: environment
                )
                for (line, answer) in [("see @notes.txt", "answer 1"), ("/retry", "answer 2")] {
                    try await terminal.waitFor("> ")
                    try terminal.send(line + "\r")
                    try await terminal.waitFor(answer)
                    // It is not read again.
                    try? FileManager.default.removeItem(atPath: folder.path + "/notes.txt")
                }
                try await terminal.waitFor("> ")
                try terminal.send("/edit see @notes.txt again\r")
                try await terminal.waitFor("answer 3")
                try terminal.send("\u{4}")
                #expect(try await chat.end() == .exited(0))
                let more = try await AmaruProcess.run(
                    options + ["-c", "more"],
                    in: folder,
                    environment: environment
                )
                #expect(more.output == "answer 4\n", "\(more)")
                return try await AmaruProcess.run(["history", "export", "--json"], in: folder)
            }
            let picture = Self.png.base64EncodedString()
            let texts = server.requests.map(\.bodyText)
            #expect(texts.count == 4)
            #expect(texts.allSatisfy { $0.contains(picture) }, "\(texts)")
            let asked = "the key is "
            #expect(texts.allSatisfy { $0.components(separatedBy: asked).count == 2 }, "\(texts)")
            // The picture is on the disk once, and the key not at all.
            let home = try ConfiguredFolder()
            let parts = exported.output.components(separatedBy: #""data":"\#(picture)""#)
            #expect(parts.count == 4, "\(exported)")
            let store = folder.path + "/.local/share/amaru"
            for name in try FileManager.default.subpathsOfDirectory(atPath: store) {
                let bytes = FileManager.default.contents(atPath: "\(store)/\(name)") ?? Data()
                #expect(bytes.firstRange(of: Data(key.utf8)) == nil, "\(name)")
            }
            let added = try await home.amaru("history", "import", "-", input: exported.output)
            #expect(added.errors == "1 added\n", "\(added)")
            #expect(try await home.amaru("history", "export", "--json").output == exported.output)
            let shown = try await home.amaru("history", "export").output
            #expect(shown.contains("*Attached: p.png (image/png, 12 bytes), notes.txt"), "\(shown)")
        }

        @Test func `A script has the files of its turn, and answers with some`() async throws {
            try folder.write(
                """
                import amaru
                @amaru.reply
                def answer(message, turn):
                    files = turn.attachments
                    assert files is turn.attachments and isinstance(files[0], amaru.Attachment)
                    yield f"{[(f.name, f.media_type, len(f.data)) for f in files]}"
                    yield amaru.Attachment("out.png", "image/png", files[0].data * 2)
                """,
                to: "s.py"
            )
            let terminal = try PseudoTerminal(columns: 120)
            let chat = try AmaruProcess(["run", "s.py"], on: terminal, in: folder)
            try await terminal.waitFor("> ")
            try terminal.send("@p.png\r")
            try await terminal.waitFor("[('p.png', 'image/png', 12)]")
            try await terminal.waitFor("the answer has a file, out.png (image/png, 24 bytes)")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
        }
    }
}
