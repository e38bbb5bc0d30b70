// Writes the one answer of a command in the form that its options ask for.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruEnvironment
import AmaruHTTP
import ArgumentParser

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Takes the events of an answer in place of the screen.
///
/// What is not part of the answer, such as a notice, is left to the screen: that is on standard
/// error.
actor AnswerWriter {
    /// The form of the answer.
    enum Format {
        /// The text alone, once it is whole.
        case text
        /// One JSON object at the end.
        case object
        /// A line of JSON for each event.
        case events
    }

    private let format: Format
    private let file: AnswerFile?
    private nonisolated let output: TerminalOutput
    private var record = AnswerRecord()
    private var isInsideLine = false
    private let start = ContinuousClock.now

    /// Prepares to write to a file, or to standard output.
    ///
    /// - Throws: `ValidationError` if the file cannot be made.
    init(_ format: Format, to path: String?) throws {
        self.format = format
        do {
            file = try path.flatMap { $0 == "-" ? nil : try AnswerFile($0) }
        } catch {
            throw ValidationError("\(error)")
        }
        output = TerminalOutput(descriptor: file?.descriptor ?? STDOUT_FILENO)
    }

    /// Gives up what is being written, on Ctrl-C.
    nonisolated func stop() { output.stopAnswer() }

    /// Takes an event; returns whether the screen has to show it too.
    ///
    /// - Throws: `TerminalError` if the output cannot be written; `CancellationError`.
    func take(_ event: TurnEvent) async throws -> Bool {
        switch format {
        case .events:
            try await write(line: EventLine(event, at: elapsed))
            return false
        case .object:
            return record.take(event, at: elapsed)
        case .text:
            let isShown = record.take(event, at: elapsed)
            // Into a file as it comes; on standard output nothing that is not whole.
            if file != nil, case .text(let text) = event { try await write(text) }
            return isShown
        }
    }

    /// Writes what the end of the answer completes.
    ///
    /// - `exchange`: When the steps of the request happened, as far as that is known.
    /// - Returns: A line for the user, if something is not where it was asked for.
    /// - Throws: `TerminalError`, `AnswerFileError`.
    func finish(
        _ end: TurnEnd,
        model: String,
        _ exchange: HTTPExchangeTimings? = nil
    ) async throws -> String? {
        output.allowAnswer()
        switch format {
        case .events:
            try await write(line: EventLine(end, at: elapsed))
        case .object:
            let first = record.firstToken.map { start + $0 }
            let departure = exchange?.departure(from: start, before: first) ?? start
            record.finish(end, model: model, at: elapsed, departure: departure - start)
            try await write(line: record)
        case .text:
            return try await finishText(end)
        }
        try file?.publish()
        return nil
    }

    /// The reasons of an end before the answer was whole.
    private static let cuts: Set = ["length", "model_length", "max_tokens", "content_filter"]

    private func finishText(_ end: TurnEnd) async throws -> String? {
        if case .finished(let reason) = end, file == nil || !Self.cuts.contains(reason) {
            if file == nil { try await write(record.text) }
            if isInsideLine { try await write("\n") }
            try file?.publish()
            return nil
        }
        // What has been paid for is not thrown away, nor taken for the answer.
        if let file { return file.keepPart(isEmpty: record.text.isEmpty) }
        return record.text.isEmpty ? nil : "it answered: \(record.text)"
    }

    /// Removes what was written, when there will be no answer.
    func discard() { _ = file?.keepPart(isEmpty: true) }

    private var elapsed: Duration { start.duration(to: .now) }

    private func write(line: some Encodable) async throws {
        try await write(JSONText.line(line) + "\n")
    }

    private func write(_ text: String) async throws {
        guard let last = text.last else { return }
        isInsideLine = !last.isNewline
        try await output.postAnswer(text).wait().get()
    }
}
