// The loop of the command: a line of the user, an answer of the script.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruHTTP
import AmaruStore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A conversation between the user and a chat script.
struct ChatLoop: Sendable {
    let program: Program
    let session: ChatSession
    let record: ChatRecord
    /// What takes the answer in place of the screen; nil for the screen.
    var writer: AnswerWriter?
    /// Whether the slash commands of a conversation are for this one.
    var hasCommands = false

    private static let prompt = "> "
    /// How long Python may take to stop an answer before a second Ctrl-C ends the program.
    private static let patience = Duration.seconds(1)

    private var screen: Screen { program.screen }

    private var lines: LineReader {
        let own = hasCommands ? Array(ConversationCommand.summaries.keys) : []
        var completer = ChatCompleter(variables: program.variables) { [session] in
            own + (await session.commandNames())
        }
        if hasCommands {
            completer.arguments["copy"] = { ["code"] }
            completer.arguments["model"] = { [program] in await program.modelNames() }
        }
        return LineReader(program: program, kind: .message, completion: completer.complete)
    }

    /// Answers one prompt and returns the exit code.
    ///
    /// - Throws: What the start of the chat throws.
    func answer(_ prompt: String, _ attachments: [Attachment] = []) async throws -> Int32 {
        var code: Int32
        do {
            let end = try await turn(prompt, attachments)
            code = Self.code(of: end)
            let notice = try await writer?.finish(
                end,
                model: session.settings?.model ?? "",
                session.lastOutcome?.timings
            )
            if let notice {
                await screen.notice(notice)
                if code == 0 { code = 1 }
            }
        } catch {
            await writer?.discard()
            throw error
        }
        code = await end(with: code)
        if code != ProcessEnd.interrupted { try? await showRest() }
        if let failure = session.startFailure as? EnvironmentError { throw failure }
        return code
    }

    /// Answers line after line until the input ends, and returns the exit code.
    ///
    /// - `attachments`: The files that go with the first line.
    /// - Throws: What the start of the chat throws, and `TerminalError`.
    func converse(_ attachments: [Attachment] = []) async throws -> Int32 {
        var attachments = attachments
        let lines = lines
        let background = Task { [session] in
            try await lines.showBackground(of: session) {
                if screen.isInteractive { program.trace("prompt shown") }
                _ = try await session.start()
            }
        }
        defer { background.cancel() }
        if screen.isInteractive { await announce(attachments) }
        var worst: Int32 = 0
        /// A former message that the user is changing.
        var draft: String?
        while true {
            let line = try await lines.next(Self.prompt, changing: draft)
            let isChanged = draft != nil
            draft = nil
            switch line {
            case .endOfInput:
                return await end(with: try await codeOfProgram() ?? worst)
            case .interrupted:
                guard screen.isInteractive else { return await end(with: ProcessEnd.interrupted) }
                await settle()
                await screen.notice("Ctrl-D ends the chat.")
            case .cleared, .completion, .editing:
                continue
            case .line(let line):
                guard !line.allSatisfy(\.isWhitespace) else { continue }
                if hasCommands, screen.isInteractive, !isChanged,
                    ConversationCommand.exits.contains(line.first == "/" ? line.trimmed : line)
                {
                    return await end(with: try await codeOfProgram() ?? worst)
                }
                let command = isChanged ? "/edit \(line)" : line
                guard let (message, files) = try await message(in: command, &draft) else {
                    continue
                }
                let code = Self.code(of: try await turn(message, attachments + files))
                attachments = []
                if let code = try await codeOfProgram() { return await end(with: code) }
                if screen.isInteractive { continue }
                if code == ProcessEnd.interrupted { return await end(with: code) }
                worst = max(worst, code)
            }
        }
    }

    /// What is to be sent, with its files: most lines as they are, nothing for some commands.
    ///
    /// - `draft`: What the user is to change next.
    private func message(
        in line: String,
        _ draft: inout String?
    ) async throws -> (String, [Attachment])? {
        let obeys = hasCommands && screen.isInteractive
        if obeys, let command = ConversationCommand.excess(in: line) {
            await screen.notice("\(command) takes nothing after it")
            return nil
        }
        guard obeys, let (command, rest) = ConversationCommand.parse(line) else {
            return await files(in: line).map { (line, $0) }
        }
        switch await command.run(rest, on: record, in: session, of: program) {
        case .message(let text, let former):
            guard let named = await files(in: text) else { return nil }
            let others = former.filter { file in !named.contains { $0.name == file.name } }
            return (text, await kept(others) + named)
        case .again(let text, let files):
            return (text, await kept(files))
        case .draft(let text): draft = text
        case .shown(let text): try await screen.showLines(text)
        case .refused(let reason): await screen.notice(reason)
        }
        return nil
    }

    /// The files that a line typed on a terminal names; nil if one of them cannot be sent.
    private func files(in line: String) async -> [Attachment]? {
        guard screen.isInteractive else { return [] }
        let home = UserFolder.home(in: program.variables).path
        let paths = AttachedPaths.find(in: line, home: home)
        if let notice = AttachedPaths.notice(about: line, home: home) {
            await screen.notice(notice)
        }
        do {
            let files = try await AttachmentSource.attachments(paths, network: program.network)
            await announce(files)
            return files
        } catch {
            await screen.notice("\(error); the message was not sent")
            return nil
        }
    }

    private func announce(_ files: [Attachment]) async {
        for file in files {
            await screen.notice("attached \(AttachmentSource.summary(of: file))")
        }
    }

    /// The files of a former message that can be sent again.
    private func kept(_ files: [StoredFile]) async -> [Attachment] {
        for file in files where file.bytes == nil {
            await screen.notice("\(file.name) was not kept and is not sent: attach it again")
        }
        return files.compactMap(Attachment.init)
    }

    // MARK: One turn

    /// Sends a message and shows all that comes of it.
    ///
    /// The first Ctrl-C stops the turn, a second one the program, whatever Python does.
    private func turn(_ message: String, _ attachments: [Attachment]) async throws -> TurnEnd {
        // Also after the turn: what the script says between turns is shown.
        screen.allowAnswer()
        defer { screen.allowAnswer() }
        // What is typed meanwhile is the next message.
        screen.terminalInUse?.typeAhead(lines.request(Self.prompt))
        defer { screen.terminalInUse?.typeAhead(nil) }
        let turn = session.send(
            message,
            key: program.keys.known ?? "",
            attachments: attachments,
            after: await record.history()
        )
        if !screen.isInteractive || !hasCommands || !ConversationCommand.isCommand(message) {
            record.begin(turn, message)
        }
        defer { record.end() }
        if writer == nil {
            await screen.wait { [session] in session.isStarting && !turn.isDelivered }
        }
        var figures = AnswerFigures()
        return try await program.interrupts.during { [program, session, writer] count in
            guard count == 1 else { program.leave(ProcessEnd.interrupted, of: session) }
            program.screen.stopAnswer()
            // They were meant for what comes after the answer.
            program.screen.terminalInUse?.takeBackQueue()
            writer?.stop()
            if !turn.cancel() { program.screen.allowAnswer() }
        } _: {
            do {
                for try await event in turn {
                    figures.note(event)
                    if try await writer?.take(event) ?? true { try await screen.show(event) }
                }
            } catch let failure as ChatFailure {
                try await screen.endAnswer()
                if failure.code == "start", let cause = failure.cause { throw cause }
                await screen.notice("\(failure)")
                if let hint = await program.hint(about: failure, attachments) {
                    await screen.notice(hint)
                }
            }
            let end = turn.end ?? .cancelled
            if end == .cancelled {
                await screen.endStoppedAnswer()
                // A start that was under way is given up, and then so is the conversation.
                if screen.isInteractive { _ = try await session.start() }
            } else {
                try await screen.endAnswer()
            }
            // An outage may be over before the program ends.
            if screen.isInteractive, let news = record.takeNews() { await screen.notice(news) }
            if program.options.verbose {
                figures.line(end, session.lastOutcome?.timings).map(program.trace)
                await program.report(figures.usage)
            }
            return end
        }
    }

    /// Waits for Python to stop what an earlier Ctrl-C has stopped here, and ends the program if it
    /// does not; a further Ctrl-C ends it at once.
    private func settle() async {
        let leave: @Sendable (Int) -> Void = { [program, session] _ in
            program.leave(ProcessEnd.interrupted, of: session)
        }
        let isSettled = await program.interrupts.during(leave) {
            await session.settles(within: Self.patience)
        }
        if !isSettled { leave(1) }
    }

    private static func code(of end: TurnEnd) -> Int32 {
        switch end {
        case .finished: 0
        // Nothing was sent, as with any other option that cannot be used.
        case .failed(let failure): failure.code == "bad_schema" ? 2 : 1
        case .cancelled: ProcessEnd.interrupted
        case .exited(let code): code
        }
    }

    // MARK: Start and end

    /// Shows what plugins have said since the answer of a chat that has ended.
    private func showRest() async throws {
        for try await event in session.background.viewer() { try await screen.show(event) }
    }

    /// The exit code of a program that its script, or a failed start, has ended.
    private func codeOfProgram() async throws -> Int32? {
        if let failure = session.startFailure { throw failure }
        guard let end = session.background.end else { return nil }
        if case .failed(let failure) = end { await screen.notice("\(failure)") }
        return Self.code(of: end)
    }

    private func end(with code: Int32) async -> Int32 {
        await record.finish()
        if let news = record.takeNews() { await screen.notice(news) }
        screen.close()
        let isHurried = code == ProcessEnd.interrupted
        await session.shutDown(grace: .milliseconds(isHurried ? 200 : 500))
        return code
    }
}
