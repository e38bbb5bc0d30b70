// The options of what is shown.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct ScreenOptions: ParsableArguments {
    @Flag(
        help: """
            Write answers as plain text, as they come: for screen readers, and to see the Markdown.
            """
    )
    var plain = false

    @Flag(
        help: """
            Show a symbol such as ␛ for each terminal escape that was removed from an answer.
            """
    )
    var showEscapes = false
}
