// Which worker gets which message, and what becomes of both: without processes, tasks or clocks.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

/// The workers of a pool and their turns.
struct WorkerSlots {
    /// A message that is not sent yet, with its turn.
    struct Message {
        let id: Int
        let turn: Turn
        let question: ServedQuestion
    }

    /// The place of one process after another.
    private struct Slot {
        var process: WorkerProcess?
        /// Whether a process of this slot has been asked for.
        var isUsed = false
        /// Whether the last process has ended, and the next one is not there yet.
        var isLost = false
        var isReady = false
        /// Whether the process that runs has the key.
        var hasKey = false
        /// Why the last process did not start.
        var failure: ChatFailure?
        /// Why the process that runs says that it does not.
        var reason: ChatFailure?
        /// How many processes in a row have ended before the script answered.
        var failures = 0
        /// How the script of the process has ended.
        var end: TurnEnd?
        /// The turns that the process has been sent.
        var open: [Int: Turn] = [:]
        /// The turns that were stopped, and that the process has not ended yet.
        var stopping: Set<Int> = []
        /// What waits for the process.
        var waiting: [Message] = []
        /// The bytes of those questions, which a process that takes nothing leaves in memory.
        var sizes: [Int: Int] = [:]

        var load: Int { open.count + stopping.count + waiting.count }

        /// Whether nothing is to be expected: the script has said so, or its process ends each time.
        var isHopeless = false
    }

    /// The bytes of the questions that one worker has at most.
    static let byteLimit = 256 << 20

    /// As often as a process that ends without a word is started again.
    static let attempts = 5

    /// What a message that was added needs.
    enum Added {
        /// To be sent, and the key before it if that is not there.
        case send(WorkerProcess, needsKey: Bool)
        /// Nothing: it waits for a process.
        case waits
        /// To be refused.
        case refused(TurnEnd)
    }

    /// What is left of a process that has ended.
    struct Lost {
        /// Why it has ended, for those whose turns it had.
        let failure: ChatFailure
        /// The turns that end with it.
        let turns: [Turn]
        /// Whether its script has answered.
        let wasReady: Bool
        /// Whether no worker starts any more.
        let isOver: Bool
    }

    /// The turns that one worker has at most.
    private let limit: Int
    private var slots: [Slot]
    /// Whether the script has answered in any of them.
    private var hasAnswered = false
    /// How the pool has ended, if it has.
    private(set) var end: TurnEnd?

    init(count: Int, limit: Int) {
        slots = Array(repeating: Slot(), count: count)
        self.limit = limit
    }

    var processes: [WorkerProcess] { slots.compactMap(\.process) }
    var ready: Int { slots.count { $0.isReady } }

    // MARK: Messages

    /// Adds a message to the worker of its conversation, or to the one with the fewest turns.
    ///
    /// - `key`: Whether there is a key.
    mutating func add(_ message: Message, in conversation: String?, key: Bool) -> Added {
        if let end { return .refused(end) }
        let index = route(conversation)
        let (size, held) = (message.question.size, slots[index].sizes.values.reduce(0, +))
        guard slots[index].load < limit, held == 0 || held + size <= Self.byteLimit else {
            return .refused(.failed(Self.busy))
        }
        slots[index].sizes[message.id] = size
        guard let process = slots[index].process, slots[index].end == nil else {
            slots[index].waiting.append(message)
            return .waits
        }
        slots[index].open[message.id] = message.turn
        let needsKey = key && !slots[index].hasKey
        if needsKey { slots[index].hasKey = true }
        return .send(process, needsKey: needsKey)
    }

    private static let busy = ChatFailure(
        code: "busy",
        message: "too many messages are waiting for an answer"
    )

    /// The slot of a conversation; another one only if its script does not start there.
    private func route(_ conversation: String?) -> Int {
        if let conversation {
            let hash = conversation.utf8.reduce(5381 as UInt) { $0 &* 33 ^ UInt($1) }
            let own = Int(hash % UInt(slots.count))
            if slots[own].failure == nil { return own }
        }
        let order = { (slot: Slot) in
            (slot.failure == nil ? 0 : 1, slot.isLost ? 1 : 0, slot.load, slot.isReady ? 0 : 1)
        }
        return slots.indices.min { order(slots[$0]) < order(slots[$1]) } ?? 0
    }

    /// Forgets a turn that has been stopped; returns the process that is to be told.
    mutating func cancel(_ id: Int) -> WorkerProcess? {
        for index in slots.indices {
            if let place = slots[index].waiting.firstIndex(where: { $0.id == id }) {
                slots[index].waiting.remove(at: place)
                slots[index].sizes[id] = nil
            }
            guard slots[index].open.removeValue(forKey: id) != nil else { continue }
            // A script that does not let itself be stopped takes no others.
            slots[index].stopping.insert(id)
            return slots[index].process
        }
        return nil
    }

    func turn(_ id: Int, of index: Int) -> Turn? { slots[index].open[id] }

    mutating func finish(_ id: Int, of index: Int) -> Turn? {
        slots[index].stopping.remove(id)
        slots[index].sizes[id] = nil
        return slots[index].open.removeValue(forKey: id)
    }

    // MARK: Processes

    /// Takes a process; returns what it is to be sent, or nil if none is wanted any more.
    mutating func launched(_ process: WorkerProcess, at index: Int, hasKey: Bool) -> [Message]? {
        guard end == nil else { return nil }
        slots[index].process = process
        slots[index].isLost = false
        slots[index].hasKey = hasKey
        let messages = slots[index].waiting
        slots[index].waiting = []
        for message in messages { slots[index].open[message.id] = message.turn }
        return messages
    }

    /// Notes that a process is about to be started.
    mutating func use(_ index: Int) { slots[index].isUsed = true }

    /// The script answers; returns the slots that are to be used now.
    mutating func isReady(_ index: Int) -> [Int] {
        hasAnswered = true
        slots[index].isReady = true
        (slots[index].failure, slots[index].failures) = (nil, 0)
        slots[index].isHopeless = false
        let unused = slots.indices.filter { !slots[$0].isUsed }
        for other in unused { use(other) }
        return end == nil ? unused : []
    }

    mutating func failed(_ index: Int, _ failure: ChatFailure) { slots[index].reason = failure }

    mutating func scriptEnded(_ index: Int, _ end: TurnEnd) { slots[index].end = end }

    /// A process has ended, or could not be started.
    ///
    /// - `how`: What is known of its end, as in "signal 9".
    mutating func lost(_ index: Int, _ how: String) -> Lost {
        var slot = slots[index]
        let failure: ChatFailure
        switch slot.end {
        case .failed(let reason): failure = reason
        case .exited(let code): failure = Self.exited(code)
        default: failure = slot.reason ?? (slot.isReady ? Self.died(how) : Self.unstarted(how))
        }
        let wasReady = slot.isReady
        let turns = Array(slot.open.values)
        slot.failure = wasReady ? nil : failure
        slot.failures += wasReady ? 0 : 1
        // What has answered once may lack something for a while only, or be ended by its messages.
        slot.isHopeless =
            !hasAnswered && (slot.reason != nil || slot.failures >= Self.attempts)
        (slot.process, slot.isReady, slot.isLost, slot.open) = (nil, false, true, [:])
        slot.stopping = []
        let waiting = Set(slot.waiting.map(\.id))
        slot.sizes = slot.sizes.filter { waiting.contains($0.key) }
        (slot.end, slot.reason) = (nil, nil)
        slots[index] = slot
        let isOver = end == nil && slots.allSatisfy { !$0.isUsed || $0.isHopeless }
        return Lost(failure: failure, turns: turns, wasReady: wasReady, isOver: isOver)
    }

    /// Ends the pool; returns the turns that are left, which end with it.
    mutating func finish(_ end: TurnEnd) -> [Turn] {
        self.end = self.end ?? end
        let turns = slots.flatMap { $0.open.values + $0.waiting.map(\.turn) }
        for index in slots.indices { (slots[index].open, slots[index].waiting) = ([:], []) }
        return turns
    }

    private static func died(_ how: String) -> ChatFailure {
        ChatFailure(
            code: "worker",
            message: "the process that was answering has ended (\(how))",
            remedy: "send the message again: the process is started again, and its script "
                + "remembers nothing of before"
        )
    }

    private static func unstarted(_ how: String) -> ChatFailure {
        ChatFailure(
            code: "worker",
            message: "a worker process has ended before its script answered (\(how))",
            remedy: "see standard error for the reason"
        )
    }

    private static func exited(_ code: Int32) -> ChatFailure {
        ChatFailure(
            code: "worker",
            message: "the script has ended its process (exit status \(code))",
            remedy: "send the message again: the process is started again"
        )
    }
}
