// Where the parser decides otherwise than Python's own, and why.
// SPDX-License-Identifier: Apache-2.0

@testable import AmaruHTTP

/// A difference from one of Python's parsers that is meant to be.
struct AllowedDifference: Sendable {
    /// What Python's parser does.
    let name: String
    /// The rule that ours follows instead, or why it is the more lenient.
    let reason: String
    let differences: Set<Comparison.Difference>
    let applies: @Sendable (Comparison) -> Bool

    /// Whether it is why the outcomes of a comparison differ.
    func explains(_ comparison: Comparison) -> Bool {
        comparison.differences.isSubset(of: differences) && applies(comparison)
    }

    static func table(_ parser: PythonParser) -> [AllowedDifference] {
        switch parser {
        case .httpClient: httpClient
        case .h11: h11
        }
    }

    /// What h11 refuses, by the words in which it does, and the one thing that it reads alone.
    private static let h11: [AllowedDifference] = [
        AllowedDifference(
            name: "reads HTTP/2.0 in text",
            reason: "https://www.rfc-editor.org/rfc/rfc9110#section-2.5: another major version is "
                + "another protocol; http.client refuses it too",
            differences: [.refused],
            applies: { $0.text.contains("HTTP/2.0") && $0.isRefused("version") }
        ),
        refused("illegal status line", "http.client reads words that any whitespace parts"),
        refused("no response line received", "some servers send an empty line too many"),
        refused("illegal header line", "http.client reads other names, and goes on after no field"),
        refused(
            "continuation line at start of headers",
            "https://www.rfc-editor.org/rfc/rfc9112#section-2.2 has it ignored, as in http.client"
        ),
        refused(
            "Only Transfer-Encoding: chunked is supported",
            "https://www.rfc-editor.org/rfc/rfc9112#section-6.3: by the last one, or until the end"
        ),
        refused("multiple Transfer-Encoding headers", "the fields are one list, as any others"),
        refused("bad Content-Length", "http.client ignores it too where there is no body"),
        refused("conflicting Content-Length headers", "5 and 05 are the same number"),
        refused("illegal chunk header", "http.client reads LF and blanks about a size"),
        refused(
            "peer unexpectedly closed connection",
            "https://www.rfc-editor.org/rfc/rfc9112#section-8: the last chunk ends the body"
        ),
        refused(
            "peer closed connection without sending complete message body",
            "https://www.rfc-editor.org/rfc/rfc9112#section-8: the last chunk ends the body"
        ),
    ]

    private static func refused(_ words: String, _ reason: String) -> AllowedDifference {
        AllowedDifference(
            name: "refuses: \(words)",
            reason: reason,
            differences: [.read],
            applies: { $0.theirs.refusal?.contains(words) == true }
        )
    }

    private static let httpClient: [AllowedDifference] = [
        AllowedDifference(
            name: "refuses an empty line before the status line",
            reason: "some servers send an empty line too many",
            differences: [.read],
            applies: { comparison in
                comparison.theirs.refusal.map { $0.hasPrefix("BadStatusLine") && $0.isOneLine }
                    == true
            }
        ),
        AllowedDifference(
            name: "reads chunks after 101, 204 and 304",
            reason: "https://www.rfc-editor.org/rfc/rfc9112#section-6.3: there is no body",
            differences: [.read, .body],
            applies: { [101, 204, 304].contains($0.ours.head?.status) && $0.ours.isChunked }
        ),
        AllowedDifference(
            name: "takes an informational head for the response, unless it is 100",
            reason: "https://www.rfc-editor.org/rfc/rfc9110#section-15.2: another one follows",
            differences: [.refused, .status, .reason, .fields, .body],
            applies: { comparison in
                guard let status = comparison.theirs.response?.status else { return false }
                return (102..<200).contains(status)
            }
        ),
        AllowedDifference(
            name: "reads no field after a line that is none",
            reason: "the length of the body may be in them",
            differences: [.refused, .fields, .body],
            applies: { comparison in
                guard let theirs = comparison.theirs.response,
                    theirs.notes.contains("MissingHeaderBodySeparatorDefect")
                else { return false }
                let ours = comparison.ours.head?.fields.map(\.name) ?? []
                return comparison.ours.head == nil || ours.starts(with: theirs.fields.map { $0[0] })
            }
        ),
        AllowedDifference(
            name: "reads NUL, and CR as the end of a line",
            reason: "https://www.rfc-editor.org/rfc/rfc9110#section-5.5 and, for CR, "
                + "https://www.rfc-editor.org/rfc/rfc9112#section-2.2: they are dangerous",
            differences: [.refused],
            applies: { $0.isRefused("a NUL or a carriage return") && $0.text.hasControls }
        ),
        AllowedDifference(
            name: "reads a head that the connection ends",
            reason: "https://www.rfc-editor.org/rfc/rfc9112#section-8: a field may be missing",
            differences: [.refused],
            applies: { $0.isRefused("did not complete the head") }
        ),
        AllowedDifference(
            name: "reads any HTTP/1.x as a version",
            reason: "https://www.rfc-editor.org/rfc/rfc9112#section-2.3: x is a digit",
            differences: [.refused],
            applies: { $0.isRefused("its version") }
        ),
        AllowedDifference(
            name: "reads whatever int() does as a status",
            reason: "https://www.rfc-editor.org/rfc/rfc9112#section-4: it has three digits",
            differences: [.refused],
            applies: { $0.isRefused("its status") }
        ),
        AllowedDifference(
            name: "takes U+0085, U+00A0 and U+001C to U+001F for blanks",
            reason: "https://www.rfc-editor.org/rfc/rfc9112#section-4 has others, ASCII alone",
            differences: [.refused, .reason],
            applies: { comparison in
                comparison.text.unicodeScalars.contains {
                    [0x85, 0xA0].contains($0.value) || (0x1C...0x1F).contains($0.value)
                } && (comparison.ours.failure == nil || comparison.isRefused("begin with"))
            }
        ),
        AllowedDifference(
            name: "ignores a Content-Length that is no number, and a second one",
            reason: "https://www.rfc-editor.org/rfc/rfc9112#section-6.3 has it refused",
            differences: [.refused],
            applies: { $0.isRefused("Content-Length") }
        ),
        AllowedDifference(
            name: "ignores a list of lengths",
            reason: "https://www.rfc-editor.org/rfc/rfc9112#section-6.3: they are one length",
            differences: [.body, .refused],
            applies: { comparison in
                comparison.ours.head?.fields.firstValue(of: "content-length")?.contains(",") == true
            }
        ),
        AllowedDifference(
            name: "knows no transfer coding but a first chunked",
            reason: "https://www.rfc-editor.org/rfc/rfc9112#section-6.3: by the last one, or until "
                + "the end",
            differences: [.body, .refused, .read],
            applies: { comparison in
                comparison.ours.head?.fields.contains {
                    $0.isNamed("transfer-encoding") && $0.value.lowercased() != "chunked"
                } == true
            }
        ),
        AllowedDifference(
            name: "takes chunked for another coding if a blank follows it",
            reason:
                "https://www.rfc-editor.org/rfc/rfc9110#section-5.5: the blank is no part of it",
            differences: [.body, .refused, .read],
            applies: { comparison in
                comparison.ours.isChunked
                    && ["chunked ", "chunked\t"].contains { comparison.text.contains($0) }
            }
        ),
        AllowedDifference(
            name: "reads whatever int() does as the size of a chunk",
            reason: "https://www.rfc-editor.org/rfc/rfc9112#section-7.1: it has digits alone",
            differences: [.refused],
            applies: { $0.isRefused("size of a chunk") && $0.ours.isChunked }
        ),
        AllowedDifference(
            name: "skips any two bytes after the data of a chunk",
            reason: "https://www.rfc-editor.org/rfc/rfc9112#section-7.1: they are CR LF",
            differences: [.refused],
            applies: { $0.isRefused("a chunk does not end") && $0.ours.isChunked }
        ),
        AllowedDifference(
            name: "reads the size of a chunk that the connection ends",
            reason: "https://www.rfc-editor.org/rfc/rfc9112#section-8: a digit may be missing",
            differences: [.refused],
            applies: { comparison in
                comparison.isRefused("no last chunk")
                    && comparison.text.unicodeScalars.last != "\n"
            }
        ),
    ]
}

extension Comparison {
    fileprivate func isRefused(_ words: String) -> Bool {
        ours.failure?.message.contains(words) == true
    }
}

extension ParserOutcome {
    fileprivate var isChunked: Bool {
        head?.fields.contains { $0.isNamed("transfer-encoding") } == true
    }
}

extension String {
    fileprivate var hasControls: Bool {
        let scalars = Array(unicodeScalars)
        return scalars.indices.contains { index in
            let next = index + 1 < scalars.count ? scalars[index + 1] : nil
            return scalars[index] == "\0" || (scalars[index] == "\r" && next != "\n")
        }
    }

    /// Whether nothing but a name and an empty line is in it.
    fileprivate var isOneLine: Bool {
        drop { $0 != ":" }.dropFirst().allSatisfy(\.isWhitespace)
    }
}
