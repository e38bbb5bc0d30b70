// A turn's events without terminal escapes.
// SPDX-License-Identifier: Apache-2.0

/// Removes terminal escapes from events; texts come in pieces, cut anywhere.
struct EventFilter {
    private let whole: EscapeFilter
    private var written: EscapeFilter
    private var thought: EscapeFilter

    /// Creates a filter at the start of a turn.
    ///
    /// - `marksEscapes`: Whether symbols show what is removed from texts.
    init(marksEscapes: Bool = false) {
        whole = EscapeFilter(marksRemoved: marksEscapes)
        (written, thought) = (whole, whole)
    }

    /// The event as readers may see it.
    mutating func filtered(_ event: TurnEvent) -> TurnEvent {
        switch event {
        case .text(let text): .text(written.feed(text))
        case .reasoning(let text): .reasoning(thought.feed(text))
        case .toolCall(let name, let arguments):
            .toolCall(name: EscapeFilter.clean(name), arguments: EscapeFilter.clean(arguments))
        case .display(let text): .display(cleaned(text))
        case .notice(let text): .notice(EscapeFilter.clean(text))
        case .stalled(let text): .stalled(EscapeFilter.clean(text))
        case .attachment(let file):
            .attachment(
                Attachment(
                    name: EscapeFilter.clean(file.name),
                    mediaType: EscapeFilter.clean(file.mediaType),
                    bytes: file.bytes
                )
            )
        case .retrying(let reason, let delay, let attempt, let attempts):
            .retrying(
                reason: EscapeFilter.clean(reason),
                delay: delay,
                attempt: attempt,
                attempts: attempts
            )
        case .usage, .skipped: event
        }
    }

    private func cleaned(_ text: String) -> String {
        var filter = whole
        return filter.feed(text)
    }
}
