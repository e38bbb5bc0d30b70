// A script or an archive that is fetched before Python starts.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruHTTP

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A GET of one file, through the program's network, without any key.
struct ScriptDownload {
    let url: String
    let network: HTTPStack
    /// The most that is taken.
    var bound = 512 << 20
    /// The name of a file whose URL has none.
    var standardName = "script.py"

    private static let redirects = 10
    private static let limit = Duration.seconds(30)

    /// Writes what the URL has to a file of its name; returns it, and the URL that it came from.
    ///
    /// - Throws: `ChatScriptError` for anything but a whole file; `CancellationError`.
    func save(in folder: URL) async throws -> (file: URL, url: String) {
        var url = url
        for _ in 0...Self.redirects {
            let exchange = network.open(
                HTTPTransferRequest(
                    method: "GET",
                    url: url,
                    headers: [
                        HTTPHeaderField("Accept", "*/*"),
                        HTTPHeaderField("Accept-Encoding", "identity"),
                        HTTPHeaderField("User-Agent", "amaru"),
                    ],
                    timeouts: .all(Self.limit)
                )
            )
            defer { exchange.cancel() }
            let head = try await failing { () throws(HTTPTransferError) in
                try await exchange.head()
            }
            if let next = try target(of: head, at: url) {
                url = next
                continue
            }
            guard (200..<300).contains(head.status) else {
                throw failure("the server answered \(head.status) \(head.reason)", at: url)
            }
            let file = folder.appending(path: name(of: url))
            try await write(exchange, to: file)
            return (file, url)
        }
        throw failure("more than \(Self.redirects) redirects")
    }

    /// Where a redirect leads; nil for any other response.
    private func target(of head: HTTPTransferHead, at url: String) throws -> String? {
        guard [301, 302, 303, 307, 308].contains(head.status),
            let location = head.headers.firstValue(of: "Location")
        else { return nil }
        guard let next = URL(string: location, relativeTo: URL(string: url))?.absoluteURL,
            let origin = try? HTTPOrigin(parsing: next.absoluteString)
        else { throw failure("it redirects to \(location), which is no URL of a server", at: url) }
        guard origin.scheme == "https" || !url.lowercased().hasPrefix("https:") else {
            throw failure("it redirects to \(origin), which is not encrypted", at: url)
        }
        return next.absoluteString
    }

    private func write(_ exchange: any HTTPExchange, to file: URL) async throws {
        let descriptor = open(file.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw PosixError("write \(file.path)") }
        defer { close(descriptor) }
        var size = 0
        while let bytes = try await failing({ () throws(HTTPTransferError) in
            try await exchange.read()
        }) {
            // A server that is fast enough never lets the reading wait, and so look.
            try Task.checkCancellation()
            size += bytes.count
            guard size <= bound else {
                throw failure("it is larger than \(bound >> 20) MiB")
            }
            try bytes.withUnsafeBytes { try PosixCall.writeAll($0, to: descriptor) }
        }
    }

    /// The last part of a URL's path as the name of a file.
    private func name(of url: String) -> String {
        // Scheme and host come first.
        let last = url.prefix { !"?#".contains($0) }.split(separator: "/").dropFirst(2).last ?? ""
        let name = last.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "._-+".contains($0)) }
        // A hidden file, or none at all, would be no name to show.
        return name.isEmpty || name.hasPrefix(".") ? standardName : String(name.suffix(100))
    }

    private func failing<Value>(
        _ body: () async throws(HTTPTransferError) -> Value
    ) async throws -> Value {
        do {
            return try await body()
        } catch {
            try Task.checkCancellation()
            throw failure(error.message)
        }
    }

    private func failure(_ reason: String, at place: String? = nil) -> ChatScriptError {
        let shown = place.flatMap { $0 == url ? nil : ", at \($0)" } ?? ""
        return ChatScriptError("\(url): cannot be fetched\(shown): \(reason).")
    }
}
