// A turn's events without terminal escapes.
// SPDX-License-Identifier: Apache-2.0

/// Removes terminal escapes from events; texts come in pieces, cut anywhere.
struct EventFilter {
    private var written = EscapeFilter()
    private var thought = EscapeFilter()

    /// The event as readers may see it.
    mutating func filtered(_ event: TurnEvent) -> TurnEvent {
        switch event {
        case .text(let text): .text(written.feed(text))
        case .reasoning(let text): .reasoning(thought.feed(text))
        case .toolCall(let name, let arguments):
            .toolCall(name: EscapeFilter.clean(name), arguments: EscapeFilter.clean(arguments))
        case .display(let text): .display(EscapeFilter.clean(text))
        case .notice(let text): .notice(EscapeFilter.clean(text))
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
}
