// `amaru history export | import | delete`.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import AmaruStore
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension HistoryCommand {
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export",
            abstract: "Write conversations to standard output: all, or those that are named.",
            discussion: "With --json, one object on each line, which amaru history import reads."
        )

        @Argument(
            help: "The conversations' ids, or their beginnings.",
            completion: .custom(ConversationCompletion.words)
        )
        var ids: [String] = []

        @Flag(help: "Write JSON, with all branches, in place of Markdown.")
        var json = false

        func run() async throws {
            try await Report.exiting {
                guard let store = try HistoryCommand.store() else { return }
                let named = try ids.map { try store.identifier(named: $0) }
                let prices = await HistoryCommand.prices()
                for id in try ids.isEmpty ? store.list().map(\.id) : named {
                    guard let whole = try store.load(id) else { continue }
                    let text =
                        try json
                        ? ConversationDocument(whole, store, prices).line + "\n"
                        : HistoryText.markdown(whole, isWhole: false, prices) + "\n"
                    try Report.output(text)
                }
            }
        }
    }

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import",
            abstract: "Add the conversations that amaru history export --json has written.",
            discussion: """
                Conversations that are there already stay as they are, so that an import that was \
                cut short can be repeated.
                """
        )

        /// The most that the file may have.
        private static let bound = 1 << 30

        @Argument(help: "The file; - for standard input.", completion: .file())
        var file: String

        @Option(
            help: ArgumentHelp(
                "Add them to the PostgreSQL database of amaru serve --store.",
                valueName: "url"
            )
        )
        var store: String?

        func validate() throws { _ = try store.map(StoreOptions.place) }

        func run() async throws {
            try await Report.exiting {
                let contents = try Self.contents(of: file)
                let store =
                    try store.map { try ConversationStore(StoreOptions.place($0), as: "") }
                    ?? ConversationStore(creating: StoreOptions.path)
                var (added, known) = (0, 0)
                for (index, line) in contents.split(separator: UInt8(ascii: "\n")).enumerated() {
                    let whole = try ConversationDocument.whole(line, "\(file):\(index + 1)")
                    if try store.insert(whole) { added += 1 } else { known += 1 }
                }
                Report.line(
                    "\(added) added" + (known > 0 ? ", \(known) were there already" : "")
                )
            }
        }

        private static func contents(of file: String) throws -> Data {
            let descriptor = file == "-" ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw PosixError("read \(file)") }
            defer { if file != "-" { close(descriptor) } }
            let bytes = try PosixCall.readAll(descriptor, atMost: bound)
            guard bytes.count <= bound else {
                throw CommandFailure("\(file) has more than \(bound >> 20) MiB: import less of it.")
            }
            return Data(bytes)
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "delete",
            abstract: "Delete conversations for good: nothing of them is left in the file."
        )

        @Argument(
            help: "The conversations' ids, or their beginnings.",
            completion: .custom(ConversationCompletion.words)
        )
        var ids: [String] = []

        @Flag(help: "Delete all conversations.")
        var all = false

        @Flag(name: [.short, .long], help: "Do not ask.")
        var yes = false

        func validate() throws {
            guard ids.isEmpty == all else {
                throw ValidationError(
                    "Which conversations? Name them by their ids, or write --all."
                )
            }
        }

        func run() async throws {
            try await Report.exiting {
                guard let store = try HistoryCommand.store() else { return }
                let named = try ids.map { try store.identifier(named: $0) }
                if all, !yes {
                    let count = try store.list().count
                    try HistoryPicker.confirm("Delete all \(count) conversations?")
                } else if !yes, isatty(STDIN_FILENO) == 1 {
                    let found = try store.list().filter { named.contains($0.id) }
                    let titles = found.map { "\($0.id) (\(ShownText.line($0.title)))" }
                    try HistoryPicker.confirm("Delete \(titles.joined(separator: ", "))?")
                }
                let count = try all ? store.deleteAll() : store.delete(named)
                let words = count == 1 ? "1 conversation" : "\(count) conversations"
                Report.line("\(words) deleted")
            }
        }
    }
}
