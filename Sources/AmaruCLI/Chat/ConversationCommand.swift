// The slash commands of a conversation: another answer, question, branch or model.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruStore

/// What a user can do with a conversation besides going on.
enum ConversationCommand: String, CaseIterable {
    case retry, edit, branch, undo, model, usage

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
        case .model: "show what is asked; /model NAME asks another model from now on"
        case .usage: "show the tokens of the conversation, and what they cost"
        }
    }

    /// The lines that end the chat, as Ctrl-D does.
    static let exits: Set = ["/exit", "/quit"]

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
        case .usage: await Self.usage(record, program)
        case .retry, .edit, .branch, .undo: await change(record, rest)
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

    /// Goes back in a conversation, or to another branch of it.
    private func change(_ record: ChatRecord, _ rest: String) async -> Outcome {
        guard let whole = await record.current(), let last = whole.branch.last ?? whole.turns.last
        else { return .refused("nothing has been said yet") }
        switch self {
        case .branch: return Self.branch(rest, whole, record)
        case _ where whole.branch.isEmpty:
            return .refused("all of this branch is taken back; /branch lists the others")
        case .retry:
            record.go(to: last.parent)
            // Also in a conversation of a version that did not keep files.
            if last.files.isEmpty { return .message(last.question) }
            return .again(last.question, last.files)
        case .edit where rest.isEmpty:
            return .draft(last.question)
        case .edit:
            record.go(to: last.parent)
            // A file that is not named any more is not meant any more.
            let files = last.files.filter { file in
                rest.contains(file.name) || !last.question.contains(file.name)
            }
            return .message(rest, files)
        case .undo:
            record.go(to: last.parent)
            return .shown("Taken back: \(Conversation.title(of: last.question))")
        case .model, .usage:
            preconditionFailure("they change nothing of the conversation")
        }
    }

    private static func branch(
        _ rest: String,
        _ whole: WholeConversation,
        _ record: ChatRecord
    ) -> Outcome {
        let ends = whole.ends
        let word = rest.filter { !$0.isWhitespace }
        if word.isEmpty { return .shown(list(ends, of: whole)) }
        guard let number = Int(word), ends.indices.contains(number - 1) else {
            return .refused("there is no branch \(word); /branch lists them")
        }
        let end = ends[number - 1]
        record.go(to: end.id)
        return .shown("Branch \(number): \(Conversation.title(of: end.question))")
    }

    private static func list(_ ends: [StoredTurn], of whole: WholeConversation) -> String {
        ends.enumerated().map { index, end in
            let mark = end.id == whole.conversation.head ? "*" : " "
            let count = whole.path(to: end.id).count
            let size = count == 1 ? "1 message" : "\(count) messages"
            return "\(mark) \(index + 1)  \(Conversation.title(of: end.question)) (\(size))"
        }.joined(separator: "\n")
    }
}
