// A recording, read from its file.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The answers of a recording, by the requests that they belong to.
struct HTTPRecording: Sendable {
    /// What a request must have in common with a recorded one.
    ///
    /// Headers do not count: some of them differ each time.
    struct Key: Hashable, Sendable {
        let method: String
        let url: String
        /// Nil if the body was uploaded in pieces.
        let body: Data?

        init(_ request: HTTPTransferRequest) {
            let redactor = HTTPRedactor(vault: nil)
            method = request.method
            url = redactor.url(request.url)
            switch request.body {
            case .none: body = Data()
            case .data(let data): body = redactor.data(data)
            case .upload: body = nil
            }
        }

        init(method: String, url: String, body: Data?) {
            self.method = method
            self.url = url
            self.body = body
        }
    }

    /// A recorded answer, as far as it was read.
    struct Answer: Sendable {
        var head: HTTPTransferHead?
        var chunks: [Data] = []
        /// Nil if the response did not fail.
        var failure: HTTPTransferError?
        var isComplete = false
    }

    /// The answers to equal requests, in the order in which these were made.
    private(set) var answers: [Key: [Answer]] = [:]

    /// Reads a file.
    ///
    /// - Throws: ``HTTPFileError`` if there is no such file or it is not a recording, with the number
    ///   of the line that is wrong.
    init(reading path: String) throws(HTTPFileError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw HTTPFileError(path: path, fault: "there is no such file, or it cannot be read")
        }
        var lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // A crash may have cut off the last line.
        if lines.last?.isEmpty == false { lines.removeLast() }
        let decoder = JSONDecoder()
        guard let first = lines.first,
            let header = try? decoder.decode(HTTPRecordingHeader.self, from: first),
            header == .current
        else {
            let fault = "its first line is not that of a recording; make one with --record"
            throw HTTPFileError(path: path, fault: fault)
        }
        var exchanges: [UInt64: (key: Key, answer: Answer)] = [:]
        var order: [UInt64] = []
        for (number, text) in lines.enumerated().dropFirst() where !text.isEmpty {
            guard let line = try? decoder.decode(HTTPRecordingLine.self, from: text),
                Self.apply(line, to: &exchanges)
            else {
                let fault = "line \(number + 1) is not one of a recording"
                throw HTTPFileError(path: path, fault: fault)
            }
            if line.event == .request { order.append(line.id) }
        }
        for id in order {
            guard let exchange = exchanges[id] else { continue }
            answers[exchange.key, default: []].append(exchange.answer)
        }
    }

    private static func apply(
        _ line: HTTPRecordingLine,
        to exchanges: inout [UInt64: (key: Key, answer: Answer)]
    ) -> Bool {
        if line.event == .request {
            guard let method = line.method, let url = line.url else { return false }
            let body = line.upload == true ? nil : line.data ?? Data()
            let key = Key(method: method, url: url, body: body)
            exchanges[line.id] = (key, Answer())
            return true
        }
        guard case (let key, var answer)? = exchanges[line.id] else { return false }
        switch line.event {
        case .request, .sent: break
        case .head:
            guard let status = line.status, let fields = line.headers else { return false }
            answer.head = HTTPTransferHead(
                status: status,
                reasonBytes: Array((line.reason ?? "").utf8),
                version: line.version ?? "HTTP/1.1",
                headers: fields.compactMap { $0.count == 2 ? HTTPHeaderField($0[0], $0[1]) : nil }
            )
        case .chunk: answer.chunks.append(line.data ?? Data())
        case .end: answer.isComplete = true
        case .failed:
            let code = HTTPTransferError.Code.allCases.first { $0.name == line.code }
            let reason = line.cause.flatMap { HTTPTransferError.Reason($0, line.number) }
            answer.failure = HTTPTransferError(
                code ?? .read,
                line.message ?? "a recorded failure",
                reason: reason
            )
        }
        exchanges[line.id] = (key, answer)
        return true
    }
}
