// The options of a question: what goes with it, and in which form the answer comes.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import ArgumentParser

struct AnswerOptions: ParsableArguments {
    @Option(
        name: [.customShort("a"), .customLong("attach")],
        parsing: .unconditionalSingleValue,
        help: """
            A file that goes with the message: text, an image (PNG, JPEG, GIF, WebP) or a PDF; a \
            path, an http(s) URL, or - for standard input. Repeatable. In a conversation, write \
            @PATH.
            """,
        completion: .file()
    )
    var attach: [String] = []

    @Option(
        help: """
            A JSON schema, or a file with one, that the answer must fit; it is then printed as \
            JSON.
            """,
        completion: .file(extensions: ["json"])
    )
    var schema: String?

    @Flag(help: "Print one JSON object: text, reasoning, usage, times, and the failure if any.")
    var json = false

    @Flag(help: "Print what comes as lines of JSON, one for each event.")
    var events = false

    @Flag(help: "Ask for the answer as a whole, and not piece by piece.")
    var noStream = false

    @Option(
        help: "Write the answer to a file, which is there only once the answer is whole.",
        completion: .file()
    )
    var output: String?

    @Flag(help: "Print the request without secrets, and send nothing.")
    var dryRun = false

    mutating func validate() throws {
        if json, events {
            throw ValidationError("--json and --events cannot be combined: give one of them.")
        }
        if dryRun, json || events {
            throw ValidationError(
                "--dry-run prints the request, and there is no answer: leave out --json and "
                    + "--events."
            )
        }
        if attach.count(where: { $0 == "-" }) > 1 {
            throw ValidationError("-a -: standard input can be attached once only.")
        }
        if dryRun, let url = attach.first(where: AttachmentSource.isURL) {
            throw ValidationError(
                "--dry-run sends nothing, and -a \(url) would be fetched: download it first."
            )
        }
        _ = try schemaText()
    }

    /// The options that need a single answer; empty in a conversation.
    func check(isConversation: Bool, hasPrompt: Bool) throws {
        if attach.contains("-"), !hasPrompt {
            throw ValidationError("-a - reads standard input: give the prompt as an argument.")
        }
        guard isConversation else { return }
        let flags = [
            ("--json", json), ("--events", events), ("--output", output != nil),
            ("--dry-run", dryRun),
        ]
        guard let (name, _) = flags.first(where: \.1) else { return }
        throw ValidationError(
            "\(name) is for one answer: give a prompt as an argument, or pipe it in."
        )
    }

    /// Tells the chat what the options say.
    func apply(to settings: inout ChatSettings) throws {
        settings.schema = try schemaText() ?? ""
        settings.isStreaming = !noStream
        settings.isDryRun = dryRun
    }

    /// How the answer is written, if not as on a screen.
    var format: AnswerWriter.Format? {
        if json { return .object }
        if events { return .events }
        return output != nil || schema != nil ? .text : nil
    }

    private static let schemaBound = 1 << 20

    /// The text of the schema.
    ///
    /// - Throws: `ValidationError` if there is no such file, or it holds no JSON object.
    private func schemaText() throws -> String? {
        guard let schema else { return nil }
        let isText = schema.drop(while: \.isWhitespace).first == "{"
        let text = isText ? schema : try Self.read(schema)
        if let fault = JSONText.fault(inObject: text) {
            throw ValidationError(
                "--schema\(isText ? "" : " \(schema)"): \(fault); write a JSON schema, such as "
                    + #"{"type": "object"}."#
            )
        }
        return text
    }

    private static func read(_ path: String) throws -> String {
        do {
            let bytes = try AttachmentSource.bytes(ofFile: path, atMost: schemaBound)
            return String(decoding: bytes, as: UTF8.self)
        } catch {
            throw ValidationError("--schema \(error)")
        }
    }
}
