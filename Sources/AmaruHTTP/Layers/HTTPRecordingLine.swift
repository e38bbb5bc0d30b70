// The lines of a recording.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One line of a recording: something that happened to one exchange.
///
/// The file is JSON Lines. The first line names the format and its version; each other one has the
/// number of its exchange (`id`), its `event`, and what belongs to that:
///
/// - `request`: `method`, `url`, `headers`, and `body` if it was there as a whole, or `upload`;
/// - `sent`: a piece (`body`) of an upload;
/// - `head`: `status`, `reason`, `version`, `headers`;
/// - `chunk`: a piece (`body`) of the response, as it arrived;
/// - `end`: the response is complete;
/// - `failed`: `code` and `message` of the error, its `cause` and the `number` of that if known.
///
/// `at` is the time since the request in seconds. A body is text if it is UTF-8, else `base64`.
struct HTTPRecordingLine: Codable, Sendable {
    enum Event: String, Codable, Sendable { case request, sent, head, chunk, end, failed }

    var id: UInt64
    var event: Event
    var at: Double?
    var method: String?
    var url: String?
    var upload: Bool?
    var headers: [[String]]?
    var status: Int?
    var reason: String?
    var version: String?
    var code: String?
    var message: String?
    var cause: String?
    var number: Int?
    var body: String?
    var base64: Data?

    init(_ id: UInt64, _ event: Event, at: Double? = nil) {
        self.id = id
        self.event = event
        // Microseconds are exact enough, and short.
        self.at = at.map { ($0 * 1e6).rounded() / 1e6 }
    }

    /// The bytes of the body.
    var data: Data? {
        get { body.map { Data($0.utf8) } ?? base64 }
        set {
            body = newValue.flatMap { String(validating: $0, as: UTF8.self) }
            base64 = body == nil ? newValue : nil
        }
    }
}

/// The first line of a recording.
struct HTTPRecordingHeader: Codable, Sendable, Equatable {
    static let current = HTTPRecordingHeader(format: "amaru-http-recording", version: 1)

    var format: String
    var version: Int
}
