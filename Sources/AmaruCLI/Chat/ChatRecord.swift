// A conversation as this process knows it: its tree of turns, and what is written down of it.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruEnvironment
import AmaruHTTP
import AmaruStore

/// Remembers the turns of a chat, and has them written down as they stream.
///
/// It knows the same without a store, so that `/retry` and its like work there too.
final class ChatRecord: Sendable {
    private struct State {
        var whole: WholeConversation?
        /// Whether the script remembers another branch than the one that goes on.
        var isRewound = false
        /// The turn whose answer is not in the tree yet.
        var last: (turn: Turn, id: Int64, ended: AsyncValue<Void>)?
        /// Ends when all turns are written down.
        var recordings: Task<Void, Never>?
        /// The system prompt of a conversation that begins.
        var system: String
    }

    private let program: Program
    private let session: ChatSession
    private let writer: StoreWriter?
    private let recorder: TurnRecorder?
    private let script: String?
    private let state: Lock<State>

    /// How long the end of the program waits for the disk.
    private static let patience = Duration.seconds(3)

    /// Makes the record of a chat.
    ///
    /// - `script`: The path of a script of the user's; nil for the chat that is built in.
    /// - `whole`: The conversation that goes on.
    init(
        _ program: Program,
        _ session: ChatSession,
        _ options: StoreOptions,
        script: String? = nil,
        continuing whole: WholeConversation? = nil
    ) {
        self.program = program
        self.session = session
        self.script = script
        writer = options.noStore ? nil : StoreWriter(path: StoreOptions.path)
        recorder = writer.map { TurnRecorder($0, vault: program.network.vault) }
        state = Lock(
            State(
                whole: whole,
                isRewound: whole != nil,
                system: program.system(of: program.choice)
            )
        )
    }

    // MARK: Turns

    /// What a script is told of what was said before; nil if it remembers it.
    func history() async -> [ChatExchange]? {
        await settle()
        return state.withLock { state in
            guard state.isRewound else { return nil }
            state.isRewound = false
            return (state.whole?.branch ?? []).filter { !$0.answer.isEmpty }.map {
                ChatExchange(
                    question: $0.question,
                    answer: $0.answer,
                    attachments: $0.files.compactMap(Attachment.init)
                )
            }
        }
    }

    /// Notes a turn that begins.
    func begin(_ turn: Turn, _ message: String) {
        let now = TurnRecorder.now
        let ended = AsyncValue<Void>()
        // Nil until Python has started; afterwards it may be another one for the next turn.
        let asked = session.settings?.model
        let early = program.isRemote ? program.choice.model : program.localModel
        let model = script == nil ? asked ?? early ?? "" : ""
        let server = program.isRemote ? program.baseURL : ""
        let (stored, conversation) = state.withLock { state in
            var whole = state.whole ?? new(message, model, system: state.system, at: now)
            var stored = StoredTurn(
                parent: whole.conversation.head,
                question: message,
                model: model,
                at: now
            )
            stored.server = server
            stored.files = Self.files(turn.attachments, known: whole.turns.flatMap(\.files))
            // Where the conversation is to go on.
            whole.conversation.server = server
            whole.turns.append(stored)
            whole.conversation.head = stored.id
            state.whole = whole
            state.last = (turn, stored.id, ended)
            return (stored, whole.conversation)
        }
        let recording = recorder?.record(
            turn,
            as: stored,
            in: conversation,
            // Which model a script asks is its own affair.
            model: { [session, script] in script == nil ? asked ?? session.settings?.model : "" },
            until: ended
        )
        state.withLock { state in
            let former = state.recordings
            state.recordings = Task {
                await former?.value
                await recording?.value
            }
        }
    }

    /// The files of a turn; one that was sent before is the same again.
    private static func files(_ all: [Attachment], known: [StoredFile]) -> [StoredFile] {
        all.map { file in
            let made = StoredFile(file)
            let former = known.first { $0.bytes == made.bytes && $0.name == made.name }
            return former ?? made
        }
    }

    private func new(
        _ message: String,
        _ model: String,
        system: String,
        at time: Double
    ) -> WholeConversation {
        var made = Conversation(title: Conversation.title(of: message), model: model, at: time)
        made.script = script
        made.system = system
        return WholeConversation(conversation: made, turns: [])
    }

    /// Notes that the turn has ended, so that its rest is written at once.
    func end() { state.withLock { $0.last }?.ended.set(()) }

    /// Takes the answer of the last turn into the tree.
    private func settle() async {
        guard let (turn, id, _) = state.withLock({ $0.last }), let end = turn.end else { return }
        var answer = ""
        var usage: TokenUsage?
        do {
            for try await event in turn.viewer() {
                if case .text(let piece) = event { answer += piece }
                if case .usage(let prompt, let completion) = event {
                    usage = TokenUsage(prompt: prompt, completion: completion)
                }
            }
        } catch {
            // What was shown before a fault counts, as it does for the script.
        }
        state.withLock { [answer, usage] state in
            guard var whole = state.whole,
                let index = whole.turns.lastIndex(where: { $0.id == id })
            else { return }
            whole.turns[index].answer = answer
            (whole.turns[index].state, whole.turns[index].reason) = TurnRecorder.state(of: end)
            whole.turns[index].promptTokens = usage?.prompt
            whole.turns[index].completionTokens = usage?.completion
            if script == nil, whole.turns[index].model.isEmpty {
                whole.turns[index].model = session.settings?.model ?? ""
            }
            (state.whole, state.last) = (whole, nil)
        }
    }

    // MARK: Branches

    /// The conversation with its last answer; nil before the first message.
    func current() async -> WholeConversation? {
        await settle()
        return state.withLock { $0.whole }
    }

    /// Goes on after another turn, or from the beginning.
    func go(to turn: Int64?) {
        let id = state.withLock { state in
            state.whole?.conversation.head = turn
            state.isRewound = true
            return state.whole?.conversation.id
        }
        guard let id else { return }
        writer?.add { store throws(StoreError) in
            try store.setHead(of: id, to: turn, at: TurnRecorder.now)
        }
    }

    /// Begins another conversation with the next message.
    ///
    /// - Returns: The identifier of the former one, if it can be continued.
    func startOver() -> String? {
        let former = state.withLock { state in
            defer { (state.whole, state.last, state.isRewound) = (nil, nil, true) }
            return state.whole?.conversation.id
        }
        return writer == nil ? nil : former
    }

    /// Notes another system prompt, which the conversation goes on with.
    func change(system: String) {
        let id = state.withLock { state in
            state.system = system
            state.whole?.conversation.system = system
            return state.whole?.conversation.id
        }
        if let id { recorder?.setSystem(of: id, to: system) }
    }

    // MARK: The store

    /// What the user has not been told yet of whether the conversation is kept.
    func takeNews() -> String? {
        switch writer?.takeNews() {
        case .outage(let error):
            "this conversation cannot be written now; that is tried until the chat ends: \(error)"
        case .recovery(isWhole: true):
            "this conversation is written again"
        case .recovery(isWhole: false):
            "this conversation is written again, without the oldest of what waited"
        case .failure(let error, hasWritten: true):
            "the end of this conversation is not kept: \(error)"
        case .failure(let error, hasWritten: false):
            "this conversation is not kept: \(error)"
        case nil:
            nil
        }
    }

    /// Waits a moment for what is not written yet.
    func finish() async {
        let recordings = state.withLock { $0.recordings }
        await writer?.finish(behind: recordings, within: Self.patience)
    }
}
