// The messages of a request as a question, with what was said before.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The messages of a request: the last one of the user is the question.
///
/// A script that takes no more than a message gets that; what it remembers of before is the
/// history. All of them, tools' results and the system's too, are in the ``ChatRequest``.
struct RequestMessages: Sendable {
    /// What the user asks.
    private(set) var question = ""
    /// The files that come with the question.
    private(set) var attachments: [Attachment] = []
    /// The questions and answers before.
    private(set) var history: [ChatExchange] = []

    /// What the fields are called where they came from.
    struct Names {
        /// A message, and its content.
        typealias Place = (whole: String, content: String)

        var all = "messages"
        /// The places of the messages, unless they are the elements of `all`.
        var places: [Place] = []
        /// What a part has as its image, and as its file.
        var image = "image_url.url"
        var file = "file.file_data"
        /// The types of parts.
        var types = "text, image_url or file"

        func place(_ index: Int) -> Place {
            let own = "\(all)[\(index)]"
            return index < places.count ? places[index] : (own, "\(own).content")
        }
    }

    /// The most messages, and parts of one.
    private static let limit = 4096
    private static let roles: Set = [
        "system", "developer", "user", "assistant", "tool", "function",
    ]

    /// Reads messages.
    ///
    /// - Throws: ``RequestError`` that names the field at fault by `names`.
    init(_ messages: [JSONValue], _ names: Names = Names()) throws(RequestError) {
        let all = names.all
        guard !messages.isEmpty, messages.count <= Self.limit else {
            throw .invalid("\(all) must have 1 to \(Self.limit) elements", param: all)
        }
        var said: [Said] = []
        for (index, message) in messages.enumerated() {
            said.append(try Said(message, at: names.place(index), names))
        }
        guard let last = said.lastIndex(where: { $0.role == "user" }) else {
            throw .invalid("\(all) must include one with the role user", param: all)
        }
        question = said[last].text
        attachments = said[last].files
        history = Self.exchanges(said[..<last])
    }

    /// Pairs of questions and answers; neighbours of one role are one.
    private static func exchanges(_ said: ArraySlice<Said>) -> [ChatExchange] {
        var exchanges: [ChatExchange] = []
        var question: [String] = []
        var answer: [String] = []
        func close() {
            guard !question.isEmpty else { return }
            let texts = (question, answer.filter { !$0.isEmpty })
            exchanges.append(
                ChatExchange(
                    question: texts.0.joined(separator: "\n\n"),
                    answer: texts.1.joined(separator: "\n\n")
                )
            )
            (question, answer) = ([], [])
        }
        for message in said {
            switch message.role {
            case "user":
                if !answer.isEmpty { close() }
                question.append(message.text)
            case "assistant": if !question.isEmpty { answer.append(message.text) }
            default: break
            }
        }
        close()
        return exchanges
    }

    /// One message, read.
    private struct Said {
        let role: String
        private(set) var text = ""
        private(set) var files: [Attachment] = []

        init(_ message: JSONValue, at place: Names.Place, _ names: Names) throws(RequestError) {
            guard case .object = message else {
                throw .invalid("\(place.whole) must be an object", param: place.whole)
            }
            guard let role = message["role"]?.string, RequestMessages.roles.contains(role) else {
                let known = RequestMessages.roles.sorted().joined(separator: ", ")
                let param = "\(place.whole).role"
                throw .invalid("\(param) must be one of \(known)", param: param)
            }
            self.role = role
            let place = place.content
            switch message["content"] {
            case nil, .null: break
            case .string(let text): self.text = text
            case .array(let parts):
                guard parts.count <= RequestMessages.limit else {
                    throw .invalid(
                        "\(place) must have at most \(RequestMessages.limit) parts",
                        param: place
                    )
                }
                for (index, part) in parts.enumerated() {
                    try take(part, at: "\(place)[\(index)]", names)
                }
            default:
                throw .invalid("\(place) must be a string, an array or null", param: place)
            }
        }

        private mutating func take(
            _ part: JSONValue,
            at place: String,
            _ names: Names
        ) throws(RequestError) {
            switch part["type"]?.string {
            case "text", "input_text", "output_text", "refusal":
                guard let more = (part["text"] ?? part["refusal"])?.string else {
                    throw .invalid("\(place).text must be a string", param: "\(place).text")
                }
                text += more
            case "image_url":
                let image = part["image_url"]
                guard let url = image?["url"]?.string ?? image?.string else {
                    let param = "\(place).image_url"
                    throw .invalid("\(place).\(names.image) is required", param: param)
                }
                try attach(url, named: "image", at: "\(place).image_url")
            case "file":
                let param = "\(place).\(names.file)"
                guard let url = part["file"]?["file_data"]?.string else {
                    throw .invalid("\(param) is required", param: param)
                }
                let name = part["file"]?["filename"]?.string ?? "file"
                try attach(url, named: name, at: param)
            case let type:
                let found = type.map { "'\($0)' is not supported" } ?? "is required"
                throw .invalid(
                    "\(place).type \(found): use \(names.types)",
                    param: "\(place).type"
                )
            }
        }

        /// Takes a file that is in the request; nothing is fetched for a client.
        private mutating func attach(
            _ url: String,
            named name: String,
            at place: String
        ) throws(RequestError) {
            guard let (type, bytes) = Self.data(of: url) else {
                throw .invalid(
                    "\(place) must be a data: URL in base64: other URLs are not fetched",
                    param: place
                )
            }
            let name = name.split(separator: "/").last.map(String.init) ?? "file"
            files.append(Attachment(name: name, mediaType: type, bytes: bytes))
        }

        private static func data(of url: String) -> (type: String, Data)? {
            guard let comma = url.firstIndex(of: ","), url.prefix(5).lowercased() == "data:" else {
                return nil
            }
            let parameters = url[..<comma].dropFirst(5).split(
                separator: ";",
                omittingEmptySubsequences: false
            )
            guard parameters.last?.lowercased() == "base64",
                let bytes = Data(base64Encoded: String(url[url.index(after: comma)...]))
            else { return nil }
            let type = parameters.first.map(String.init) ?? ""
            return (type.isEmpty ? "text/plain" : type.lowercased(), bytes)
        }
    }
}
