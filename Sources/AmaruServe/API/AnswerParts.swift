// The events of a turn as the parts of one answer.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

/// One part of an answer.
enum AnswerPart: Sendable {
    case text(String)
    case reasoning(String)
    case picture(Attachment)
    /// A function that the model asks for, the arguments as JSON text.
    case toolCall(index: Int, name: String, arguments: String)
}

/// Reads a turn's events as an answer, up to a stop sequence: pure, and the same for every shape
/// in which the answer is sent.
struct AnswerParts {
    /// The most that the pictures of an answer have, in bytes: clients read each as one line.
    private static let pictureLimit = 8 << 20
    /// What the answer, or an item of it, has before the next text.
    private enum Before { case nothing, text, fileLine }

    private var stops: StopSequences
    private var displays = 0
    private var calls = 0
    private var pictureSize = 0
    private var before = Before.nothing
    /// Whether there are thoughts before the next.
    private var hasThoughts = false
    /// Whether the text is to be read by a program, and so can have no lines of ours.
    private let isFormatted: Bool
    /// Whether nothing more is wanted of the turn, which may be stopped.
    private(set) var wantsNoMore = false
    /// Whether events are missing: the reader came too late.
    private(set) var isIncomplete = false

    init(stop: [String] = [], isFormatted: Bool = false) {
        stops = StopSequences(stop)
        self.isFormatted = isFormatted
    }

    /// The tokens that the script has counted; nil if it has counted none.
    private(set) var usage: (prompt: Int, completion: Int)?

    /// The parts that an event adds to the answer.
    mutating func take(_ event: TurnEvent) -> [AnswerPart] {
        switch event {
        case .text(let text):
            let parts = shown(text)
            if stops.isHit { wantsNoMore = true }
            return parts
        case .display(let text):
            // The turn ends by itself: to stop it would stop the script as a whole.
            displays += 1
            return shown(displays > 1 && before != .fileLine ? "\n\n\(text)" : text)
        case .reasoning(let text):
            guard !stops.isHit, !text.isEmpty else { return [] }
            hasThoughts = true
            return [.reasoning(text)]
        case .toolCall(let name, let arguments):
            guard !stops.isHit else { return [] }
            calls += 1
            return [.toolCall(index: calls - 1, name: name, arguments: arguments)]
        case .usage(let prompt, let completion):
            // A script may say anything; their sum is shown too.
            let most = Int.max / 2
            usage = (min(max(0, prompt), most), min(max(0, completion), most))
            return []
        case .skipped:
            isIncomplete = true
            return []
        case .attachment(let file):
            return stops.isHit ? [] : sent(file)
        case .notice, .stalled, .retrying:
            return []
        }
    }

    /// What a stop sequence that did not come has held back.
    mutating func finish() -> [AnswerPart] { added(stops.finish()) }

    /// The next text begins an item of its own.
    mutating func beginItem() { (before, displays) = (.nothing, 0) }

    private mutating func shown(_ text: String) -> [AnswerPart] { added(stops.feed(text)) }

    private mutating func added(_ text: String) -> [AnswerPart] {
        guard !text.isEmpty else { return [] }
        defer { before = .text }
        return [.text(before == .fileLine ? "\n\n\(text)" : text)]
    }

    /// A picture, which clients may show, and a line for each file: most show the text alone.
    private mutating func sent(_ file: Attachment) -> [AnswerPart] {
        let fits = pictureSize + file.bytes.count <= Self.pictureLimit
        let isSent = file.isPicture && fits
        if isSent { pictureSize += file.bytes.count }
        var reason = ""
        if !file.isPicture {
            reason = ": left out, an answer of this API has text and pictures only"
        } else if !fits {
            let limit = Self.pictureLimit >> 20
            reason = ": left out, the pictures of an answer have \(limit) MiB at most"
        }
        let line = file.line(reason)
        let picture: [AnswerPart] = isSent ? [.picture(file)] : []
        if isFormatted {
            defer { hasThoughts = true }
            return [.reasoning(hasThoughts ? "\n\n\(line)\n" : "\(line)\n")] + picture
        }
        let held = added(stops.finish())
        defer { before = .fileLine }
        return held + [.text(before == .nothing ? line : "\n\n\(line)")] + picture
    }

    /// Why the answer ended, in the API's words, or the error that takes its place.
    func outcome(of end: TurnEnd) -> Result<String, RequestError> {
        if isIncomplete { return .failure(.forgotten) }
        if stops.isHit { return .success("stop") }
        switch end {
        case .finished(let reason): return .success(Self.reason(reason, hasCalls: calls > 0))
        case .failed(let failure): return .failure(RequestError(failure))
        case .cancelled: return .failure(.stopped)
        case .exited: return .failure(.ended)
        }
    }

    /// The error in place of an answer; nil if there is an answer.
    func fault(_ end: TurnEnd) -> RequestError? {
        guard case .failure(let error) = outcome(of: end) else { return nil }
        return error
    }

    private static func reason(_ reason: String, hasCalls: Bool) -> String {
        switch reason {
        case "length", "model_length", "max_tokens": "length"
        case "content_filter": "content_filter"
        default: hasCalls ? "tool_calls" : "stop"
        }
    }
}
