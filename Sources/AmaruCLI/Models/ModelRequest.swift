// Asks a server which models it has, which also tells whether it is a server of models.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruHTTP

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Why a server has not named its models: what happened, and what to do.
struct ServerFault: Error, Equatable, CustomStringConvertible {
    let message: String
    let remedy: String

    var description: String { "\(message): \(remedy)" }
}

/// A `GET` of the list of models.
struct ModelRequest: Sendable {
    let baseURL: String
    let network: HTTPStack
    /// The placeholder of the key, if there is one.
    let key: String?
    let headers: [String: String]
    var timeouts = HTTPTimeouts(
        connect: .seconds(10),
        pool: .seconds(10),
        write: .seconds(10),
        read: .seconds(30)
    )

    /// The most that is read.
    private static let bound = 8 << 20

    private var origin: String {
        (try? HTTPOrigin(parsing: baseURL)).map { "\($0)" } ?? baseURL
    }

    /// Where the models are listed: beside the completions, whatever the base URL ends in.
    static func url(of baseURL: String) -> String {
        let base = baseURL.prefix { $0 != "#" }
        let query = base.drop { $0 != "?" }
        var path = String(base.prefix { $0 != "?" })
        while path.hasSuffix("/") { path.removeLast() }
        let completions = "/chat/completions"
        if path.hasSuffix(completions) { path.removeLast(completions.count) }
        return path + "/models" + query
    }

    /// Returns the models that the server has, in order.
    ///
    /// - Throws: `ServerFault`, `CancellationError`.
    func models() async throws -> [String] {
        var fields = [
            HTTPHeaderField("Accept", "application/json"),
            HTTPHeaderField("Accept-Encoding", "identity"),
            HTTPHeaderField("User-Agent", "amaru"),
        ]
        if let key { fields.append(HTTPHeaderField("Authorization", "Bearer \(key)")) }
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            fields.append(HTTPHeaderField(name, value))
        }
        let exchange = network.open(
            HTTPTransferRequest(
                method: "GET",
                url: Self.url(of: baseURL),
                headers: fields,
                timeouts: timeouts
            )
        )
        defer { exchange.cancel() }
        do {
            let head = try await exchange.head()
            let body = try await body(of: exchange)
            return try models(head, body)
        } catch let error as HTTPTransferError {
            try Task.checkCancellation()
            throw ServerFault(
                message: "\(origin) cannot be asked: \(error.message)",
                remedy: "check the base URL \(shown) and the network"
            )
        }
    }

    /// The base URL without its query, which may hold a secret.
    private var shown: String { String(baseURL.prefix { $0 != "?" }) }

    private func body(of exchange: any HTTPExchange) async throws -> Data {
        var body = Data()
        while let bytes = try await exchange.read() {
            try Task.checkCancellation()
            body += bytes
            guard body.count <= Self.bound else {
                throw ServerFault(
                    message: "\(origin) sent more than \(Self.bound >> 20) MiB as its models",
                    remedy: "check the base URL \(shown)"
                )
            }
        }
        return body
    }

    private func models(_ head: HTTPTransferHead, _ body: Data) throws -> [String] {
        let text = String(decoding: body.prefix(64 * 1024), as: UTF8.self)
        if (300..<400).contains(head.status) {
            let place = head.headers.firstValue(of: "Location") ?? "another place"
            let isLogin = place.contains(/login|signin|sign-in|sso|auth/.ignoresCase())
            throw ServerFault(
                message: "\(origin) redirects to \(place.prefix(200)) (\(head.status))",
                remedy: isLogin
                    ? "something in between wants you to sign in: do so in a browser, or check "
                        + "the base URL \(shown)"
                    : "use that address, without /models, as the base URL"
            )
        }
        guard head.status == 200 else { throw refusal(head.status, text) }
        if let names = ModelNames(body) { return names.all }
        let isPage = text.contains(/^\s*</)
        let what =
            isPage ? "a web page\(Self.title(text))" : "something other than a list of models"
        throw ServerFault(message: "\(origin) answered with \(what)", remedy: urlRemedy)
    }

    private var urlRemedy: String {
        let isVersioned = shown.contains(/\/v\d+\w*\/?$/)
        return "check the base URL \(shown)" + (isVersioned ? "" : ": is it missing /v1?")
    }

    private func refusal(_ status: Int, _ text: String) -> ServerFault {
        let remedy: String
        let message: String
        switch status {
        case 401, 403:
            message = key == nil ? "\(origin) wants a key" : "\(origin) rejected the key"
            remedy = "set it as amaru keys shows, or name another one with --key-env"
        case 404, 405:
            message = "\(origin) has no list of models at \(Self.url(of: shown))"
            remedy = urlRemedy
        case 429:
            (message, remedy) = ("\(origin) is limiting requests", "wait a little and try again")
        case 500...:
            (message, remedy) = ("\(origin) failed", "try again, or look at the server's log")
        default:
            (message, remedy) = ("\(origin) refused the request", urlRemedy)
        }
        return ServerFault(message: "\(message) (\(status))\(Self.title(text))", remedy: remedy)
    }

    /// The title of a web page, after a blank.
    private static func title(_ page: String) -> String {
        guard let found = page.prefix(4096).firstMatch(of: /<title[^>]*>([^<]{1,200})</) else {
            return ""
        }
        let words = found.1.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.isEmpty ? "" : " “\(words)”"
    }
}

/// The names in a list of models, in any of the forms in use.
struct ModelNames {
    let all: [String]

    private struct Entry: Decodable {
        var id: String?
        var name: String?
        var model: String?
    }

    private struct Document: Decodable {
        var data: [Entry]?
        var models: [Entry]?
    }

    /// Reads a document; nil if it has no list.
    init?(_ body: Data) {
        let decoder = JSONDecoder()
        let document = try? decoder.decode(Document.self, from: body)
        guard
            let entries = document?.data ?? document?.models
                ?? (try? decoder.decode([Entry].self, from: body))
        else { return nil }
        var seen: Set<String> = []
        all = entries.compactMap { $0.id ?? $0.name ?? $0.model }
            .map(EscapeFilter.clean)
            .filter { name in
                !name.isEmpty && name.utf8.count <= 300 && !name.contains(where: \.isWhitespace)
                    && seen.insert(name).inserted
            }
            .sorted()
    }
}
