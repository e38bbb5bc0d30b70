// How answers look, by variables and options.
// SPDX-License-Identifier: Apache-2.0

import AmaruMarkdown
import Testing

@testable import AmaruCLI

@Suite(.timeLimit(.minutes(10))) struct ScreenStyleTests {
    @Test(
        arguments: [
            (["TERM": "xterm"], ScreenStyle.live(.all)),
            (["TERM": "xterm", "NO_COLOR": "1"], .live(.monochrome)),
            (["TERM": "xterm", "NO_COLOR": ""], .live(.all)),
            (["TERM": "xterm", "NO_COLOR": "1", "FORCE_COLOR": "1"], .live(.all)),
            (["TERM": "xterm", "FORCE_COLOR": "0"], .live(.monochrome)),
            (["TERM": "vt220"], .live(.monochrome)),
            (["TERM": "vt220", "COLORTERM": "truecolor"], .live(.all)),
            (["TERM": "dumb"], .plain), (["TERM": "dumb", "FORCE_COLOR": "1"], .plain),
            ([:], .plain),
        ] as [([String: String], ScreenStyle)]
    )
    func `A terminal`(_ variables: [String: String], _ style: ScreenStyle) {
        #expect(ScreenStyle(isPlain: false, isTerminal: true, variables: variables) == style)
        #expect(ScreenStyle(isPlain: true, isTerminal: true, variables: variables) == .plain)
    }

    @Test(
        arguments: [
            ([:], ScreenStyle.plain), (["TERM": "xterm", "COLORTERM": "truecolor"], .plain),
            (["FORCE_COLOR": "0"], .plain), (["FORCE_COLOR": "1"], .finished(.all)),
            (["CLICOLOR_FORCE": "1"], .finished(.all)),
        ] as [([String: String], ScreenStyle)]
    )
    func `A pipe or a file`(_ variables: [String: String], _ style: ScreenStyle) {
        #expect(ScreenStyle(isPlain: false, isTerminal: false, variables: variables) == style)
        #expect(ScreenStyle(isPlain: true, isTerminal: false, variables: variables) == .plain)
    }
}
