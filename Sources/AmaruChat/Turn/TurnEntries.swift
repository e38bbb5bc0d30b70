// The events that a turn keeps, in little more memory than their texts take.
// SPDX-License-Identifier: Apache-2.0

/// The last events of a turn, by their positions.
///
/// Pieces of a text that follow each other are kept joined: an event of its own takes six times as
/// much memory as the few words in it.
struct TurnEntries {
    /// An entry, and an event in it.
    struct Place {
        fileprivate var entry = 0
        fileprivate var index = 0
    }

    private enum Kind: Equatable { case text, reasoning, other }

    private struct Entry {
        let kind: Kind
        /// What is no text.
        let event: TurnEvent?
        /// The position of its first event, and the size of everything before that.
        let position, offset: Int
        var text: String
        /// Where its texts begin, without the first.
        var starts: [UInt16] = []

        var end: Int { position + starts.count + 1 }
        func start(of index: Int) -> Int { index == 0 ? 0 : Int(starts[index - 1]) }

        /// Takes no more texts: gives up the room that they grew into.
        mutating func close() {
            guard !starts.isEmpty else { return }
            text = String(decoding: text.utf8, as: UTF8.self)
            starts = starts.withUnsafeBufferPointer { Array($0) }
        }
    }

    /// The bytes up to which texts are joined.
    private static let bound = 16 * 1024

    private var entries: [Entry] = []
    /// The position after the last event.
    private(set) var count = 0
    /// The position of the first event that is kept.
    private(set) var first = 0
    /// The size of all events that were added.
    private(set) var total = 0
    /// The size of those that are no longer kept.
    private var dropped = 0
    /// The size of those that are kept, without what files hold.
    private(set) var kept = 0
    /// All files that were added, in their order, also those whose events are no longer kept.
    private(set) var files: [Attachment] = []
    /// The bytes that those files hold.
    private(set) var fileSize = 0

    /// Adds an event.
    mutating func append(_ event: TurnEvent) {
        let (kind, text): (Kind, String) =
            switch event {
            case .text(let text): (.text, text)
            case .reasoning(let text): (.reasoning, text)
            default: (.other, "")
            }
        if kind != .other, let last = entries.indices.last, entries[last].kind == kind,
            entries[last].text.utf8.count + text.utf8.count <= Self.bound
        {
            entries[last].starts.append(UInt16(entries[last].text.utf8.count))
            entries[last].text += text
        } else {
            if let last = entries.indices.last { entries[last].close() }
            entries.append(
                Entry(
                    kind: kind,
                    event: kind == .other ? event : nil,
                    position: count,
                    offset: total,
                    text: text
                )
            )
        }
        count += 1
        let size = event.size
        total += size
        kept += size - event.fileSize
        guard case .attachment(let file) = event else { return }
        files.append(file)
        fileSize += event.fileSize
    }

    /// Where an event is that is kept, or the end.
    func place(of position: Int) -> Place {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].end <= position { low = middle + 1 } else { high = middle }
        }
        return Place(entry: low, index: low < entries.count ? position - entries[low].position : 0)
    }

    /// Moves to the next event.
    func advance(_ place: inout Place) {
        place.index += 1
        guard place.index > entries[place.entry].starts.count else { return }
        place = Place(entry: place.entry + 1)
    }

    /// The event at a place.
    func event(at place: Place) -> TurnEvent {
        let entry = entries[place.entry]
        if let event = entry.event { return event }
        let bytes = entry.text.utf8
        let start = bytes.index(bytes.startIndex, offsetBy: entry.start(of: place.index))
        let isLast = place.index == entry.starts.count
        let end =
            isLast
            ? bytes.endIndex
            : bytes.index(bytes.startIndex, offsetBy: entry.start(of: place.index + 1))
        let text = String(entry.text[start..<end])
        return entry.kind == .text ? .text(text) : .reasoning(text)
    }

    /// The size of everything before an event.
    func offset(at place: Place) -> Int {
        guard place.entry < entries.count else { return total }
        let entry = entries[place.entry]
        return entry.offset + entry.start(of: place.index) + place.index * TurnEvent.overhead
    }

    /// Drops the first event.
    mutating func dropFirst() {
        var place = place(of: first)
        let event = entries[place.entry].event
        advance(&place)
        first += 1
        let end = offset(at: place)
        kept -= end - dropped - (event?.fileSize ?? 0)
        dropped = end
        // Moving the rest only when a part of it is dead keeps the cost of an event constant.
        if place.entry * 8 > entries.count { entries.removeFirst(place.entry) }
    }
}
