// The slash commands of a conversation: another answer, question, branch or model.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruStore

/// What a user can do with a conversation besides going on.
enum ConversationCommand: String, CaseIterable {
    case retry, edit, branch, undo, new, model, system, usage, copy

    /// What becomes of a line.
    enum Outcome: Equatable {
        /// This is sent, with files that were sent before, beside those that it names.
        case message(String, [StoredFile] = [])
        /// This is sent as it was sent before.
        case again(String, [StoredFile])
        /// It is put before the user, to be changed.
        case draft(String)
        /// This is shown, and nothing sent.
        case shown(String)
        /// It is wrong, and why.
        case refused(String)
    }

    var summary: String {
        switch self {
        case .retry: "answer the last message again"
        case .edit: "change the last message, as in /edit TEXT, and send it again"
        case .branch: "list the branches; /branch N goes on with one"
        case .undo: "take the last message and its answer back"
        case .new: "begin a new conversation"
        case .model: "show what is asked; /model NAME asks another model from now on"
        case .system: "show the system prompt; /system TEXT sets it from the next message on"
        case .usage: "show the tokens of the conversation, and what they cost"
        case .copy: "copy the last answer, or its last code with /copy code"
        }
    }

    /// The lines that end the chat, as Ctrl-D does; with a blank before it, a word is a message.
    static let exits: Set = ["/exit", "/quit", "exit", "quit"]

    /// The command of a line that has more than the command, and must not.
    static func excess(in line: String) -> String? {
        guard let word = line.split(whereSeparator: \.isWhitespace).first.map(String.init),
            line.hasPrefix("/"), line.trimmed != word
        else { return nil }
        switch parse(word)?.command {
        case .retry, .undo, .new, .usage: return word
        case nil: return exits.contains(word) ? word : nil
        case .edit, .branch, .model, .system, .copy: return nil
        }
    }

    /// The commands, for the list of all.
    static let summaries = Dictionary(
        uniqueKeysWithValues: allCases.map { ($0.rawValue, $0.summary) }
    ).merging(["exit": "end the chat, as Ctrl-D does"]) { own, _ in own }

    /// Whether a line is a slash command of any kind, which is no part of a conversation.
    static func isCommand(_ line: String) -> Bool {
        let word = line.prefix { $0 != " " }
        guard word.first == "/", let first = word.dropFirst().first, first.isLetter || first == "_"
        else { return false }
        return word.dropFirst().allSatisfy { $0.isLetter || $0.isNumber || "_-".contains($0) }
    }

    /// The command of a line, with what follows it; nil for any other line.
    static func parse(_ line: String) -> (command: ConversationCommand, rest: String)? {
        guard line.first == "/" else { return nil }
        let parts = line.dropFirst().split(
            maxSplits: 1,
            omittingEmptySubsequences: false,
            whereSeparator: \.isWhitespace
        )
        guard let command = parts.first.flatMap({ ConversationCommand(rawValue: String($0)) })
        else { return nil }
        let rest = parts.dropFirst().first?.drop { $0.isWhitespace } ?? ""
        return (command, String(rest))
    }

    /// Performs the command on a conversation and its record.
    func run(
        _ rest: String,
        on record: ChatRecord,
        in session: ChatSession,
        of program: Program
    ) async -> Outcome {
        switch self {
        case .model: await Self.model(rest, session, program)
        case .system: await Self.system(rest, record, session, program)
        case .usage: await Self.usage(record, program)
        case .copy: await Self.copy(rest, record, program)
        case .new: Self.begin(record)
        case .branch: await Self.branch(rest, record, program)
        case .retry: await Self.retry(record)
        case .edit: await Self.edit(rest, record)
        case .undo: await Self.undo(record)
        }
    }

    private static func model(
        _ rest: String,
        _ session: ChatSession,
        _ program: Program
    ) async -> Outcome {
        let word = rest.filter { !$0.isWhitespace }
        guard !word.isEmpty else { return .shown(program.modelText(of: session)) }
        do {
            try await program.switchModel(to: word, of: session)
            return .shown(program.modelText(of: session))
        } catch is CancellationError {
            return .refused("no other model is asked")
        } catch {
            return .refused("\(error)")
        }
    }

    private static func usage(_ record: ChatRecord, _ program: Program) async -> Outcome {
        guard let whole = await record.current() else {
            return .refused("nothing has been said yet")
        }
        do {
            let prices = try await program.userSettings.configuration()
            let all = Spending(whole, prices).text(currency: prices.currency)
            guard let all else { return .refused("the server has not counted the tokens") }
            let last = whole.turns.last.flatMap { turn in
                Spending(turn, of: whole.conversation, prices).text(currency: prices.currency)
            }
            let count = whole.turns.count
            let lines = [count > 1 ? last.map { "last message: \($0)" } : nil, "all: \(all)"]
            return .shown(lines.compactMap(\.self).joined(separator: "\n"))
        } catch {
            return .refused("\(error)")
        }
    }

    private static func system(
        _ rest: String,
        _ record: ChatRecord,
        _ session: ChatSession,
        _ program: Program
    ) async -> Outcome {
        let word = rest.trimmed
        do {
            if !word.isEmpty {
                // Quotes without a text between them take the prompt away.
                let text = word == "\"\"" ? "" : try ChatOptions.systemPrompt(word, of: "/system")
                program.ask(system: text)
                session.change { $0.system = text }
                record.change(system: text)
            }
            let text = session.settings?.system ?? program.settings().system
            return .shown(text.isEmpty ? "There is no system prompt." : "System prompt: \(text)")
        } catch {
            return .refused("\(error)")
        }
    }

    private static func copy(
        _ rest: String,
        _ record: ChatRecord,
        _ program: Program
    ) async -> Outcome {
        let word = rest.trimmed
        guard ["", "code"].contains(word) else { return .refused("write /copy, or /copy code") }
        let answer = await record.current()?.branch.last { !$0.answer.isEmpty }?.answer
        guard let answer else { return .refused("there is no answer yet") }
        guard let text = word.isEmpty ? answer : Clipboard.lastCode(in: answer) else {
            return .refused("the last answer has no code")
        }
        let what = word.isEmpty ? "the answer" : "the code"
        guard let sequence = Clipboard.sequence(for: text) else {
            return .refused(
                "\(what) has \(text.utf8.count) bytes, and terminals copy \(Clipboard.bound) at "
                    + "most; amaru history show prints it"
            )
        }
        guard await program.screen.send(sequence) else {
            return .refused("this terminal takes no escape sequences (TERM)")
        }
        return .shown("Sent to the terminal's clipboard: \(what), \(text.utf8.count) bytes")
    }

    private static func begin(_ record: ChatRecord) -> Outcome {
        let former = record.startOver().map { "; amaru -c \($0) goes on with the former one" }
        return .shown("A new conversation begins\(former ?? "").")
    }

    private static func retry(_ record: ChatRecord) async -> Outcome {
        await goingBack(in: record) { last in
            record.go(to: last.parent)
            // Also in a conversation of a version that did not keep files.
            if last.files.isEmpty { return .message(last.question) }
            return .again(last.question, last.files)
        }
    }

    private static func edit(_ rest: String, _ record: ChatRecord) async -> Outcome {
        await goingBack(in: record) { last in
            if rest.isEmpty { return .draft(last.question) }
            record.go(to: last.parent)
            // A file whose name was taken out of the message is not sent again.
            let files = last.files.filter { file in
                rest.contains(file.name) || !last.question.contains(file.name)
            }
            return .message(rest, files)
        }
    }

    private static func undo(_ record: ChatRecord) async -> Outcome {
        await goingBack(in: record) { last in
            record.go(to: last.parent)
            return .shown("Taken back: \(Conversation.title(of: last.question))")
        }
    }

    /// What is to be done about the last message of the branch, if it has one.
    private static func goingBack(
        in record: ChatRecord,
        _ body: (StoredTurn) -> Outcome
    ) async -> Outcome {
        guard let whole = await record.current(), !whole.turns.isEmpty else {
            return .refused("nothing has been said yet")
        }
        guard let last = whole.branch.last else {
            return .refused("all of this branch is taken back; /branch lists the others")
        }
        return body(last)
    }

    private static func branch(
        _ rest: String,
        _ record: ChatRecord,
        _ program: Program
    ) async -> Outcome {
        guard let whole = await record.current(), !whole.turns.isEmpty else {
            return .refused("nothing has been said yet")
        }
        let branches = BranchList(whole)
        let columns = program.screen.terminalInUse?.size.columns ?? 80
        let word = rest.filter { !$0.isWhitespace }
        if word.isEmpty { return .shown(branches.text(columns: columns)) }
        guard let number = Int(word), let end = branches.end(of: number) else {
            return .refused("there is no branch \(word); /branch lists them")
        }
        record.go(to: end.id)
        return .shown(branches.row(of: number, begin: "Branch \(number): ", columns: columns))
    }
}
