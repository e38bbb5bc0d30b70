// The error of a request that cannot be answered.
// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
import Hummingbird

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// An error of a route, which the gate writes in the shape that the client expects.
package struct ServeFault: Error, Sendable, Equatable {
    /// The status of the answer.
    package var status: HTTPResponse.Status
    /// What identifies the error to programs.
    package var code: String
    /// What happened.
    package var message: String
    /// What the user can do; empty if nothing.
    package var remedy = ""
    /// Further fields of the answer's head, such as `Retry-After`.
    package var headers: HTTPFields = [:]

    /// Creates an error.
    package init(
        _ status: HTTPResponse.Status,
        _ code: String,
        _ message: String,
        remedy: String = "",
        headers: HTTPFields = [:]
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.remedy = remedy
        self.headers = headers
    }

    /// What an error of a route means to the client.
    static func of(_ error: any Error) -> ServeFault {
        switch error {
        case let fault as ServeFault:
            return fault
        case let error as HTTPError:
            let reason = error.status.reasonPhrase
            let message =
                error.body ?? (error.status == .notFound ? "there is nothing here" : reason)
            return ServeFault(error.status, code(of: error.status), message, headers: error.headers)
        default:
            // What it says is about the inside of the program.
            return ServeFault(.internalServerError, "internal", "the server has failed")
        }
    }

    private static func code(of status: HTTPResponse.Status) -> String {
        status.reasonPhrase.lowercased().replacing(" ", with: "_")
    }

    // MARK: Shapes

    /// The answer to a request of the page.
    func pageResponse() -> Response {
        struct Body: Encodable {
            struct Fault: Encodable { let code, message, remedy: String }
            let error: Fault
        }
        return response(
            Body(error: .init(code: code, message: message, remedy: remedy))
        )
    }

    /// The answer to a request of `/v1`, as clients of OpenAI's API read it.
    func modelResponse() -> Response {
        struct Body: Encodable {
            struct Fault: Encodable {
                let message, type, code: String
                let param: String?

                enum CodingKeys: CodingKey { case message, type, param, code }

                func encode(to encoder: any Encoder) throws {
                    var container = encoder.container(keyedBy: CodingKeys.self)
                    try container.encode(message, forKey: .message)
                    try container.encode(type, forKey: .type)
                    // Clients expect the field, also without a value.
                    try container.encode(param, forKey: .param)
                    try container.encode(code, forKey: .code)
                }
            }
            let error: Fault
        }
        let text = remedy.isEmpty ? message : "\(message): \(remedy)"
        let type = status.code < 500 ? "invalid_request_error" : "server_error"
        return response(Body(error: .init(message: text, type: type, code: code, param: nil)))
    }

    private func response(_ body: some Encodable) -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Encoding strings cannot fail.
        let bytes = (try? encoder.encode(body)) ?? Data("{}".utf8)
        var headers = headers
        headers[.contentType] = "application/json; charset=utf-8"
        return Response(
            status: status,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }
}
