// A turn's log, its readers and its end: a state machine without locks, tasks or clocks.
// SPDX-License-Identifier: Apache-2.0

/// The events of one turn, followed by any number of readers.
///
/// Positions count events from 0. A *required* reader gets every event, and what the slowest of
/// them has not taken counts as unread: writers wait while too much of it is. A *viewer* delays
/// nobody; events that are no longer kept when it comes to them are reported as skipped.
///
/// The caller wakes the readers and writers that a method returns.
struct TurnLog {
    /// Sizes in bytes.
    struct Limits: Sendable {
        /// Unread bytes above which writers wait.
        var unread = 64 * 1024
        /// Unread bytes above which events of writers that do not wait are refused.
        var refused = 16 * 1024 * 1024
        /// Bytes kept for readers that start late, beside what files hold: ``Turn`` limits that.
        var kept = 16 * 1024 * 1024
        /// The most text that is merged into one event.
        var merged = 16 * 1024
    }

    struct ReaderID: Hashable { fileprivate let number: Int }

    enum Role { case owner, required, viewer }

    /// What a reader finds.
    enum Taken: Equatable {
        case events([TurnEvent])
        case wait
        case end(TurnEnd)
    }

    /// Whom a change wakes.
    struct Wakes: Equatable {
        var readers: [ReaderID] = []
        var writers = false
    }

    private struct Reader {
        let role: Role
        var position: Int
        var isWaiting = false
    }

    private let limits: Limits
    private var entries = TurnEntries()
    private var readers: [ReaderID: Reader] = [:]
    private var waitingReaders = 0
    private var nextReader = 0
    private var writersWait = false
    /// How the turn ended, once it has.
    private(set) var end: TurnEnd?

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// The position of the next event.
    var count: Int { entries.count }

    /// The size of all events that were added.
    var total: Int { entries.total }

    /// Bytes that the slowest required reader has not taken.
    var unread: Int { total - offset(of: needed) }

    /// All files that were added.
    var files: [Attachment] { entries.files }

    /// The bytes that those files hold.
    var fileSize: Int { entries.fileSize }

    /// Bytes that are kept, without what files hold.
    private var kept: Int { entries.kept }

    /// Whether writers should wait, and will be woken by a reader or by the end.
    mutating func mustWait() -> Bool {
        guard end == nil, unread > limits.unread else { return false }
        // Not cleared otherwise: another writer may wait still.
        writersWait = true
        return true
    }

    /// Whether a writer that has not waited is refused.
    var isOverfull: Bool { kept > limits.refused && unread > limits.refused }

    /// Adds an event, unless the turn has ended.
    mutating func add(_ event: TurnEvent) -> Wakes? {
        guard end == nil else { return nil }
        entries.append(event)
        dropWhatNobodyNeeds()
        return Wakes(readers: takeWaiting())
    }

    /// Ends the turn; the first end counts.
    mutating func finish(_ end: TurnEnd) -> Wakes? {
        guard self.end == nil else { return nil }
        self.end = end
        defer { writersWait = false }
        return Wakes(readers: takeWaiting(), writers: writersWait)
    }

    /// Adds a reader at a position, or at the first event that is kept.
    mutating func addReader(_ role: Role, from position: Int = 0) -> ReaderID {
        nextReader += 1
        let id = ReaderID(number: nextReader)
        readers[id] = Reader(role: role, position: min(max(0, position), count))
        return id
    }

    /// Removes a reader; what it kept from being dropped may go.
    mutating func removeReader(_ id: ReaderID) -> Wakes {
        guard let reader = readers.removeValue(forKey: id) else { return Wakes() }
        if reader.isWaiting { waitingReaders -= 1 }
        return Wakes(writers: releaseWriters())
    }

    /// Returns what a reader has not read; if there is nothing, it is woken later.
    ///
    /// The owner of a cancelled turn gets its end at once: the user wants no more.
    mutating func take(_ id: ReaderID) -> (Taken, Wakes) {
        guard var reader = readers[id] else { return (.end(end ?? .cancelled), Wakes()) }
        if reader.role == .owner, end == .cancelled { reader.position = count }
        guard reader.position < count else {
            if let end { return (.end(end), Wakes()) }
            if !reader.isWaiting { waitingReaders += 1 }
            reader.isWaiting = true
            readers[id] = reader
            return (.wait, Wakes())
        }
        let events = events(from: &reader.position, to: count)
        readers[id] = reader
        return (.events(events), Wakes(writers: releaseWriters()))
    }

    // MARK: Parts

    /// The position of the slowest required reader.
    private var needed: Int {
        var needed = count
        for reader in readers.values where reader.role != .viewer {
            needed = min(needed, reader.position)
        }
        return needed
    }

    private func offset(of position: Int) -> Int {
        entries.offset(at: entries.place(of: position))
    }

    /// The events from a position on, with texts that follow each other merged.
    func events(from position: inout Int, to end: Int) -> [TurnEvent] {
        var events: [TurnEvent] = []
        if position < entries.first {
            events.append(.skipped(entries.first - position))
            position = entries.first
        }
        var text = ""
        var place = entries.place(of: position)
        let start = entries.offset(at: place)
        while position < end, entries.offset(at: place) - start < limits.unread {
            let event = entries.event(at: place)
            if case .text(let more) = event, text.utf8.count < limits.merged {
                text += more
            } else if text.isEmpty {
                events.append(event)
            } else {
                events.append(.text(text))
                text = ""
                continue
            }
            position += 1
            entries.advance(&place)
        }
        if !text.isEmpty { events.append(.text(text)) }
        return events
    }

    /// The events before a position; nil if it is not reached, or some are no longer kept.
    func events(before end: Int) -> [TurnEvent]? {
        guard entries.first == 0, end <= count else { return nil }
        var events: [TurnEvent] = []
        var position = 0
        while position < end { events += self.events(from: &position, to: end) }
        return events
    }

    /// The number of the first event that a reader has not taken.
    func position(of id: ReaderID) -> Int { readers[id]?.position ?? count }

    /// Whether a reader has done with all events, and asks for more.
    func isWaiting(_ id: ReaderID) -> Bool { readers[id]?.isWaiting ?? true }

    private mutating func takeWaiting() -> [ReaderID] {
        guard waitingReaders > 0 else { return [] }
        waitingReaders = 0
        var waiting: [ReaderID] = []
        for (id, reader) in readers where reader.isWaiting {
            waiting.append(id)
            readers[id]?.isWaiting = false
        }
        return waiting
    }

    private mutating func releaseWriters() -> Bool {
        guard writersWait, unread <= limits.unread / 2 else { return false }
        writersWait = false
        return true
    }

    /// Drops the oldest events above the limit that every required reader has taken.
    private mutating func dropWhatNobodyNeeds() {
        guard kept > limits.kept else { return }
        let needed = needed
        while entries.first < needed, kept > limits.kept { entries.dropFirst() }
    }
}
