// Questions of `amaru history` on a terminal.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruEnvironment
import AmaruStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

enum HistoryPicker {
    /// How many are shown at most on a dumb terminal.
    private static let plainBound = 20

    /// Lets the user pick a conversation; with `TERM=dumb` one of the last, by its number.
    ///
    /// - Throws: `CommandFailure` off a terminal, and if none is picked; `CancellationError` when
    ///   the user leaves the list.
    static func pick(from store: ConversationStore) throws -> String {
        guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
            throw CommandFailure(
                "Which conversation? Name it by its id; amaru history list shows all."
            )
        }
        let newest = try Array(store.list().reversed())
        guard !newest.isEmpty else { throw CommandFailure("There are no conversations.") }
        guard ScreenStyle.isDumb(EnvironmentVariables.current) else {
            let lines = newest.map { conversation in
                let shown = String(HistoryText.line(conversation).dropLast())
                let text = "\(conversation.title) \(conversation.script ?? conversation.model)"
                let short = ShownText.line(conversation.title)
                return PickList.Line(shown, short: short, name: conversation.id, text: text)
            }
            return newest[try pick(from: lines)].id
        }
        let shown = newest.prefix(plainBound)
        for (index, conversation) in shown.enumerated().reversed() {
            let gap = String(repeating: " ", count: index < 9 ? 2 : 1)
            Report.text("\(gap)\(index + 1)  \(HistoryText.line(conversation))")
        }
        let count = "\(shown.count) of \(newest.count)"
        let answer = ask("\(count). Number or id (Enter for 1): ")
        let number = answer.isEmpty ? 1 : Int(answer)
        if let index = number.flatMap({ PickList.index(of: $0, in: shown.indices) }) {
            return shown[index].id
        }
        return try store.identifier(named: answer)
    }

    /// Shows lines below each other until the user has picked one; returns its index.
    private static func pick(from lines: [PickList.Line]) throws -> Int {
        let mode = try TerminalMode(descriptor: STDIN_FILENO, bracketedPaste: true) { settings in
            settings.c_lflag &= ~tcflag_t(ICANON | ECHO | IEXTEN | ISIG)
        }
        mode.enter()
        defer { mode.leave() }
        var (list, decoder, display) = (PickList(lines), KeyDecoder(), LineDisplay())
        var buffer = [UInt8](repeating: 0, count: 1024)
        while true {
            let size = TerminalSize(of: STDERR_FILENO)
            let drawing = display.draw(
                above: list.rows(size),
                prompt: "\(list.count). Which? ",
                text: Array(list.filter),
                cursor: list.filter.count,
                limit: 1,
                size: size
            )
            try PosixCall.writeAll(drawing, to: STDERR_FILENO)
            // Others may have the terminal while this program is stopped, and change its size.
            while !hasInput(within: 250), TerminalSize(of: STDERR_FILENO) == size {
                guard mode.enterAgain() else { continue }
                display = LineDisplay()
                break
            }
            guard hasInput(within: 0) else { continue }
            let count = try buffer.withUnsafeMutableBytes {
                try PosixCall.read(STDIN_FILENO, into: $0)
            }
            var keys = buffer.prefix(count).flatMap { decoder.feed($0) }
            // Esc alone, since the rest of a key's sequence comes at once; or a terminal that has gone.
            let isEscape = buffer[max(0, count - 1)] == 0x1B && !hasInput(within: 25)
            if count == 0 || isEscape && decoder.takeLoneEscape() { keys.append(.control("c")) }
            var outcome: PickList.Outcome?
            for key in keys where outcome == nil { outcome = list.take(key) }
            guard let end = outcome else { continue }
            try PosixCall.writeAll(display.erase(size), to: STDERR_FILENO)
            guard case .picked(let index) = end else { throw CancellationError() }
            return index
        }
    }

    private static func hasInput(within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }

    /// Asks a question, and goes on after a yes only.
    ///
    /// - Throws: `CommandFailure` for anything else, and off a terminal.
    static func confirm(_ question: String) throws {
        guard isatty(STDIN_FILENO) == 1 else {
            throw CommandFailure("\(question) To say so without a terminal, write --yes.")
        }
        guard ["y", "yes"].contains(ask("\(question) [y/N] ").lowercased()) else {
            throw CommandFailure("Nothing was deleted.")
        }
    }

    private static func ask(_ question: String) -> String {
        Report.text(question)
        let line = readLine() ?? ""
        return line.filter { !$0.isWhitespace }
    }
}
