// What the tests compare and the program does not: such code is long.
// SPDX-License-Identifier: Apache-2.0

@testable import AmaruMarkdown

protocol ComparedByText: Equatable {}

extension ComparedByText {
    static func == (one: Self, other: Self) -> Bool {
        String(reflecting: one) == String(reflecting: other)
    }
}

extension MarkdownBlock: ComparedByText {}
extension MarkdownInline: ComparedByText {}
extension MarkdownItem: ComparedByText {}
extension MarkdownDefinition: ComparedByText {}
extension MarkdownReader.Part: ComparedByText {}
