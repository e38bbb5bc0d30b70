// What the tests compare and the program does not: such code is long.
// SPDX-License-Identifier: Apache-2.0

@testable import AmaruServe

extension AnswerPart: Equatable {
    static func == (one: Self, other: Self) -> Bool { haveOneText(one, other) }
}
extension CompletionHead: Equatable {
    static func == (one: Self, other: Self) -> Bool { haveOneText(one, other) }
}
extension CompletionRequest: Equatable {
    static func == (one: Self, other: Self) -> Bool { haveOneText(one, other) }
}
extension PageEnd: Equatable {
    static func == (one: Self, other: Self) -> Bool { haveOneText(one, other) }
}
extension PageEvent: Equatable {
    static func == (one: Self, other: Self) -> Bool { haveOneText(one, other) }
}
extension PageFile: Equatable {
    static func == (one: Self, other: Self) -> Bool { haveOneText(one, other) }
}
extension RequestMessages: Equatable {
    static func == (one: Self, other: Self) -> Bool { haveOneText(one, other) }
}
extension ResponsesRequest: Equatable {
    static func == (one: Self, other: Self) -> Bool { haveOneText(one, other) }
}
extension ServedQuestion: Equatable {
    static func == (one: Self, other: Self) -> Bool { haveOneText(one, other) }
}

private func haveOneText(_ one: Any, _ other: Any) -> Bool {
    String(reflecting: one) == String(reflecting: other)
}
