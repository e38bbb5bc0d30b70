// What the tests compare and the program does not: such code is long.
// SPDX-License-Identifier: Apache-2.0

@testable import AmaruMarkdown

extension MarkdownBlock: Equatable {
    static func == (one: Self, other: Self) -> Bool { haveOneText(one, other) }
}
extension MarkdownInline: Equatable {
    static func == (one: Self, other: Self) -> Bool { haveOneText(one, other) }
}
extension MarkdownItem: Equatable {
    static func == (one: Self, other: Self) -> Bool { haveOneText(one, other) }
}
extension MarkdownDefinition: Equatable {
    static func == (one: Self, other: Self) -> Bool { haveOneText(one, other) }
}
extension MarkdownReader.Part: Equatable {
    static func == (one: Self, other: Self) -> Bool { haveOneText(one, other) }
}

private func haveOneText(_ one: Any, _ other: Any) -> Bool {
    String(reflecting: one) == String(reflecting: other)
}
