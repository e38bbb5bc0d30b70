// The head of a response, line by line.
// SPDX-License-Identifier: Apache-2.0

/// Reads the heads of one response, the informational ones too.
struct HTTP1HeadReader {
    /// What a line completed.
    enum Step {
        case incomplete
        case informational(HTTP1ResponseHead)
        case head(HTTP1ResponseHead, HTTP1Framing)
    }

    /// The method of the request that the response answers.
    private let method: String
    private let limits: HTTP1ResponseLimits
    private var line: HTTP1StatusLine?
    private var section = HTTP1FieldSection()
    private var emptyLines = 0
    private var informational = 0

    init(method: String, limits: HTTP1ResponseLimits) {
        self.method = method
        self.limits = limits
    }

    /// Whether no part of a head was read yet.
    var isAtStart: Bool { line == nil }

    /// Refuses bytes that cannot become a response, before their line is complete.
    func check(beginning bytes: UnsafeRawBufferPointer) throws(HTTP1Fault) {
        if isAtStart { try HTTP1StatusLine.check(beginning: bytes) }
    }

    /// Takes the next line, without its end.
    mutating func take(_ bytes: UnsafeRawBufferPointer) throws(HTTP1Fault) -> Step {
        guard let line else {
            try begin(bytes)
            return .incomplete
        }
        guard bytes.isEmpty else {
            try section.add(bytes, limit: limits.fields)
            return .incomplete
        }
        return try complete(line)
    }

    private mutating func begin(_ bytes: UnsafeRawBufferPointer) throws(HTTP1Fault) {
        guard bytes.isEmpty else {
            line = try HTTP1StatusLine(parsing: bytes)
            return
        }
        // Some servers end the previous response with one too many.
        emptyLines += 1
        guard emptyLines <= limits.emptyLines else { throw .tooManyEmptyLines }
    }

    private mutating func complete(_ line: HTTP1StatusLine) throws(HTTP1Fault) -> Step {
        let head = HTTP1ResponseHead(
            status: line.status,
            reason: line.reason,
            version: line.version,
            fields: section.fields
        )
        guard (100..<200).contains(head.status), head.status != 101 else {
            let framing = try HTTP1Framing(
                of: head,
                to: method,
                isAmbiguous: section.isAmbiguous
            )
            return .head(head, framing)
        }
        informational += 1
        guard informational <= limits.informational else {
            throw .tooManyInformational(limit: limits.informational)
        }
        self.line = nil
        section = HTTP1FieldSection()
        return .informational(head)
    }
}
