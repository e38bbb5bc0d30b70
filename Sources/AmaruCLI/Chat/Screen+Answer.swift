// Answers that are laid out: when they are written, and how they end.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import AmaruMarkdown

extension Screen {
    /// Shows more of an answer; returns when the terminal has taken what came before.
    func add(_ text: String) async throws {
        guard let answer else { return try await write(text) }
        guard !isStopped else { return }
        await releaseNotices()
        try await endLine(before: answer)
        answer.change { $0.append(text) { !isStopped } }
        try await refresh(answer)
    }

    /// Shows more of what the model thinks, where it can be told from the answer.
    func addThought(_ text: String) async throws {
        guard let answer, !isStopped else { return }
        await releaseNotices()
        try await endLine(before: answer)
        answer.change { $0.appendThought(text) }
        try await refresh(answer)
    }

    /// Ends a line that was printed, before rows of an answer that begins.
    private func endLine(before answer: LiveAnswer) async throws {
        if isInsideLine, !answer.isLive { try await write("\n") }
    }

    /// Writes all of an answer for good.
    func settleAnswer() async throws {
        guard let answer, answer.isLive else { return }
        answer.change { $0.finish() }
        frameTimer?.cancel()
        frameTimer = nil
        try await writeFrame(answer)
        let end = ContinuousClock.now + colorPatience
        while answer.awaitsColors, !isStopped, !Task.isCancelled, .now < end {
            try? await Task.sleep(for: LiveAnswer.interval)
            try await writeFrame(answer)
        }
        guard answer.awaitsColors else { return }
        answer.change { $0.giveUpColors() }
        try await writeFrame(answer)
    }

    /// Leaves all that came of an answer, without waiting for the terminal.
    nonisolated func leaveAnswer(on terminal: TerminalSession) {
        guard let answer, answer.isLive else { return }
        let hasDropped = terminal.hasDroppedAnswer
        answer.change {
            $0.finish()
            $0.giveUpColors()
            if hasDropped { $0.restart() }
        }
        answer.frame(of: terminal.size) { frame in
            guard hasDropped else { return terminal.post(frame) }
            // What the terminal has taken stays as it is: where the cursor stands is not known.
            terminal.post("\n")
            // A terminal that can't keep up gets no more than a block again.
            if frame.text.utf8.count <= Self.mostRepeated { terminal.post(frame) }
        }
    }

    /// The longest frame that is written again.
    private static let mostRepeated = 32 * 1024

    /// Says what a turn says: below a whole answer, else above the block that is still growing, or
    /// below the line of plain text.
    ///
    /// Which of them is known when more text or the end comes, or neither has come after a while.
    func hold(_ message: String) async {
        guard isAnswerOpen, isatty(STDERR_FILENO) == 1 else {
            return await notice(message, waits: true)
        }
        let timer = heldNotices?.timer ?? releaseLater()
        heldNotices = ((heldNotices?.lines ?? []) + [message], timer)
        if heldNotices?.lines.count == Self.mostHeld { await releaseNotices() }
    }

    /// Whether what is on the terminal of an answer may go on.
    private var isAnswerOpen: Bool { answer?.isLive ?? (isInsideLine && isTerminal) }

    private func releaseLater() -> Task<Void, Never> {
        Task {
            try? await Task.sleep(for: Self.holding)
            if !Task.isCancelled { await releaseNotices() }
        }
    }

    /// Waits again for the end of a line of plain text, of which more has come.
    func holdLonger() {
        guard let held = heldNotices else { return }
        held.timer.cancel()
        heldNotices = (held.lines, releaseLater())
    }

    /// Says what is held.
    func releaseNotices() async {
        guard let held = heldNotices else { return }
        heldNotices = nil
        held.timer.cancel()
        for line in held.lines { await notice(line, waits: true) }
    }

    private static let holding = Duration.seconds(1)
    private static let mostHeld = 16

    /// Writes lines above what may still change; false if nothing may.
    nonisolated func insert(_ text: String) -> Bool {
        guard let answer, isatty(STDERR_FILENO) == 1, let terminal = terminalInUse
        else { return false }
        guard answer.isLive else { return terminal.post(aboveStatus: text) }
        if terminal.isFull {
            terminal.dropNotice()
            return true
        }
        answer.change { $0.insert(text) }
        // An answer that was stopped is about to be left, with what is above its end.
        if !isLeaving { answer.frame(of: terminal.size) { terminal.post($0) } }
        return true
    }

    /// Writes the next frame if it is time, else later.
    func refresh(_ answer: LiveAnswer) async throws {
        let delay = answer.delay
        if delay <= .zero { try await writeFrame(answer) }
        guard delay > .zero || answer.awaitsColors, frameTimer == nil else { return }
        wait(max(delay, LiveAnswer.interval), for: answer)
    }

    private func wait(_ delay: Duration, for answer: LiveAnswer) {
        frameTimer = Task {
            try? await Task.sleep(for: delay)
            guard !Task.isCancelled else { return }
            frameTimer = nil
            // The output's end is found by whoever writes next.
            try? await writeFrame(answer)
            if answer.awaitsColors, frameTimer == nil {
                wait(max(answer.delay, LiveAnswer.interval), for: answer)
            }
        }
    }

    /// Writes what has changed; returns when the terminal has taken it.
    private func writeFrame(_ answer: LiveAnswer) async throws {
        // What comes meanwhile is in the next frame.
        try await frameInWriting?.wait().get()
        guard !isStopped else { return }
        let terminal = try terminal
        let done = answer.frame(of: terminal.size) { terminal.postAnswer($0) }
        guard let done else { return }
        frameInWriting = done
        try await done.wait().get()
    }
}
