// What the tests compare and the program does not: such code is long.
// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import AmaruServe

protocol ComparedByParts: Equatable {}

extension ComparedByParts {
    static func == (one: Self, other: Self) -> Bool { parts(of: one) == parts(of: other) }
}

extension AnswerPart: ComparedByParts {}
extension CompletionHead: ComparedByParts {}
extension CompletionRequest: ComparedByParts {}
extension PageEnd: ComparedByParts {}
extension PageEvent: ComparedByParts {}
extension PageFile: ComparedByParts {}
extension RequestMessages: ComparedByParts {}
extension ResponsesRequest: ComparedByParts {}
extension ServedQuestion: ComparedByParts {}

/// A value and all in it as text: that of `Data` has its bytes, which a description leaves out.
private func parts(of value: Any) -> String {
    if let data = value as? Data { return data.base64EncodedString() }
    let inner = Mirror(reflecting: value).children
    return inner.isEmpty
        ? String(reflecting: value)
        : "\(type(of: value))("
            + inner.map { "\($0.label ?? ""):\(parts(of: $0.value))" }
            .joined(separator: ",") + ")"
}
