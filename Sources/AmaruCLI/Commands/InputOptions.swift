// The options for what is typed.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct InputOptions: ParsableArguments {
    @Flag(
        help: """
            Keep none of the lines that you enter. Without it they are in chat_history and \
            repl_history in XDG_STATE_HOME/amaru (~/.local/state/amaru), and Up and Ctrl-R find \
            them; a line that begins with a blank is never kept.
            """
    )
    var noHistory = false
}
