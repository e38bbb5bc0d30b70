// The last messages of a turn's rendering: a state machine without locks, tasks or clocks.
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What all who follow a turn are sent, as far as it is kept.
///
/// Messages are numbered from 0. A follower who is too far behind catches up without them, and
/// joins the others again at the position that they have come to.
struct MessageLog {
    struct Message: Equatable {
        let bytes: ByteBuffer
        /// The position in the turn behind it; nil behind the turn's end.
        let position: Int?
    }

    /// What a follower gets.
    enum Next: Equatable {
        case message(Message)
        /// The message is no longer kept, or will not come.
        case behind
    }

    /// How far one who knows the turn up to some position is from the others.
    enum Place: Equatable {
        /// With them: the number of their next message.
        case joined(Int)
        /// Behind them: the position that they have come to.
        case behind(Int)
        /// There are no more messages.
        case over
    }

    /// Bytes of messages that are kept, beside those of the last one.
    private let limit: Int
    private var messages: [Message] = []
    /// The number of `messages[0]`.
    private var base = 0
    private var size = 0
    /// Whether nothing is added any more.
    private var isOver = false
    /// The position in the turn that has been rendered.
    private(set) var position = 0

    init(limit: Int = 256 << 10) { self.limit = limit }

    /// The number of the next message.
    var count: Int { base + messages.count }

    /// Adds a message, if it has any bytes, behind which a position has been rendered.
    mutating func add(_ bytes: ByteBuffer, position: Int) {
        guard !isOver else { return }
        self.position = position
        keep(Message(bytes: bytes, position: position))
    }

    /// Adds the message of the turn's end.
    mutating func finish(_ bytes: ByteBuffer) {
        guard !isOver else { return }
        keep(Message(bytes: bytes, position: nil))
        isOver = true
    }

    /// Ends the messages, whether or not the turn has ended.
    mutating func close() { isOver = true }

    private mutating func keep(_ message: Message) {
        guard message.bytes.readableBytes > 0 else { return }
        messages.append(message)
        size += message.bytes.readableBytes
        var dropped = 0
        while size > limit + message.bytes.readableBytes {
            size -= messages[dropped].bytes.readableBytes
            dropped += 1
        }
        messages.removeFirst(dropped)
        base += dropped
    }

    /// The message with a number; nil if it may come.
    func next(_ number: Int) -> Next? {
        if number < base { return .behind }
        if number < count { return .message(messages[number - base]) }
        return isOver ? .behind : nil
    }

    /// The place of one who knows the turn up to a position; nil if that is yet to be rendered.
    func place(of position: Int) -> Place? {
        if isOver { return .over }
        if position == self.position { return .joined(count) }
        return position < self.position ? .behind(self.position) : nil
    }
}
