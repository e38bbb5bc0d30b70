// `amaru history`, with the built command.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct HistoryCommandTests {
        let folder: TemporaryFolder

        init() throws { folder = try TemporaryFolder() }

        private static let first =
            #"{"id":"2aaaaaaaaa","title":"About serpents","model":"small","created":1000,"#
            + #""changed":1000,"head":1,"turns":[{"id":1,"question":"Who was\nAmaru?","#
            + #""answer":"A serpent.","state":"finished","started":1000,"ended":1001}]}"#
        private static let second =
            #"{"id":"2bbbbbbbbb","title":"\u001b]0;evil\u0007Title","model":"small","#
            + #""created":2000,"changed":2000,"head":3,"turns":[{"id":2,"question":"q","#
            + #""answer":"first","state":"stopped","started":2000,"events":[{"seq":0,"at":2000,"#
            + #""kind":"notice","data":"careful"}]},{"id":3,"question":"q","answer":"second","#
            + #""state":"running","started":2001}]}"#

        private func run(_ arguments: [String], input: String = "") async throws
            -> AmaruProcess.Result
        {
            try await AmaruProcess.run(["history"] + arguments, input: input, in: folder)
        }

        private func fill() async throws {
            let lines = Self.first + "\n" + Self.second + "\n"
            let result = try await run(["import", "-"], input: lines)
            #expect(result.errors == "2 added\n", "\(result)")
            #expect(result.status == .exited(0))
        }

        @Test func `Without conversations, that is said`() async throws {
            for arguments in [[], ["list"], ["search", "x"], ["show", "x"], ["delete", "x"]] {
                let result = try await run(arguments)
                #expect(result.errors == "There are no conversations.\n", "\(result)")
                #expect(result.status == .exited(0))
            }
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/.local"))
        }

        @Test func `The list has a line for each conversation, or JSON`() async throws {
            try await fill()
            let lines = try await run([]).output.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines.first?.hasPrefix("2aaaaaaaaa  1970-01-01 ") == true, "\(lines)")
            #expect(lines.first?.hasSuffix("  About serpents  (small)") == true, "\(lines)")
            #expect(lines.last?.contains("  Title  (small)") == true, "\(lines)")
            let json = try await run(["list", "--json", "-n", "1"]).output
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
            )
            #expect(object["id"] as? String == "2bbbbbbbbb")
            #expect(object["title"] as? String == "\u{1B}]0;evil\u{7}Title")
        }

        @Test func `Words are searched for, and said not to be there`() async throws {
            try await fill()
            let found = try await run(["search", "serp"])
            #expect(found.output.hasPrefix("2aaaaaaaaa  "), "\(found)")
            #expect(found.output.contains("\n    A serpent.\n"), "\(found)")
            let none = try await run(["search", "dragon"])
            #expect(none.errors == "No conversation has these words.\n")
            #expect(none.status == .exited(1))
        }

        @Test func `A conversation is shown by the beginning of its id`() async throws {
            try await fill()
            let shown = try await run(["show", "2a"])
            #expect(shown.output.hasPrefix("# About serpents\n\n*2aaaaaaaaa, 1970-01-01 "))
            #expect(
                shown.output.hasSuffix(
                    "\n## You\n\nWho was\nAmaru?\n\n## Answer\n\nA serpent.\n"
                ),
                "\(shown)"
            )
            let branch = try await run(["show", "2b"]).output
            #expect(branch.contains("second\n\n*(interrupted:"), "\(branch)")
            #expect(!branch.contains("first") && !branch.contains("\u{1B}"), "\(branch)")
            #expect(try await run(["show", "2b", "--all"]).output.contains("first\n\n*(stopped)*"))
            let both = try await run(["show", "2"])
            #expect(both.errors.contains("2aaaaaaaaa, 2bbbbbbbbb"), "\(both)")
            #expect(both.status == .exited(1))
            #expect(try await run(["show", "9"]).errors.contains("no conversation 9"))
            #expect(try await run(["show"]).errors.contains("Which conversation?"))
        }

        @Test func `What was exported is imported as it was`() async throws {
            try await fill()
            let exported = try await run(["export", "--json"]).output
            #expect(exported.contains(#""data":"careful""#))
            let again = try await run(["import", "-"], input: exported)
            #expect(again.errors == "0 added, 2 were there already\n")
            let deleted = try await run(["delete", "--all", "--yes"])
            #expect(deleted.errors == "2 conversations deleted\n")
            try folder.write(exported, to: "all.jsonl")
            _ = try await run(["import", "all.jsonl"])
            #expect(try await run(["export", "--json"]).output == exported)
            let markdown = try await run(["export", "2a"]).output
            #expect(markdown.hasPrefix("# About serpents\n"), "\(markdown)")
        }

        @Test(arguments: ["hello", "{}", #"{"id":"x"}"#, "[1,2]", "\u{0}\u{1}"])
        func `What is no export is refused, with its line`(_ text: String) async throws {
            let result = try await run(["import", "-"], input: Self.first + "\n" + text + "\n")
            #expect(result.errors.hasPrefix("amaru: -:2 is no conversation: "), "\(result)")
            #expect(result.status == .exited(1))
            #expect(try await run(["list"]).output.split(separator: "\n").count == 1)
        }

        /// Opens the list of conversations on a terminal, and types an answer.
        private func pick(_ answer: String, on type: String) async throws -> (
            PseudoTerminal, AmaruProcess
        ) {
            let terminal = try PseudoTerminal()
            let process = try AmaruProcess(
                ["history", "show"],
                on: terminal,
                in: folder,
                environment: ["TERM": type]
            )
            try await terminal.waitFor(" 2  2aaaaaaaaa")
            try await terminal.waitFor(type == "dumb" ? "Number or id" : "Which? ")
            try terminal.send(answer)
            return (terminal, process)
        }

        @Test(arguments: ["xterm", "dumb"])
        func `One is picked on a terminal, by number or id`(_ type: String) async throws {
            try await fill()
            let up = type == "dumb" ? "2" : "\u{1B}[A"
            for (answer, expected) in [
                ("2", "A serpent."), ("", "second"), ("2a", "A serpent."), (up, "A serpent."),
            ] {
                let (terminal, process) = try await pick(answer + "\n", on: type)
                try await terminal.waitFor(expected)
                #expect(try await process.end() == .exited(0))
            }
        }

        @Test(arguments: ["\u{1B}", "\u{3}"])
        func `The list is left with nothing picked`(_ key: String) async throws {
            try await fill()
            let (terminal, process) = try await pick(key, on: "xterm")
            #expect(try await process.end() == .interrupted)
            #expect(terminal.isCanonical && terminal.echoes)
        }

        @Test func `The list follows the size, and a terminal that others have used`()
            async throws
        {
            try await fill()
            let terminal = try PseudoTerminal()
            let process = try AmaruProcess(["history", "show"], on: terminal, in: folder)
            try await terminal.waitFor("Which? ")
            terminal.resize(columns: 30, rows: 10)
            try await terminal.waitFor("Which? ")
            // As a shell does, while the program is stopped.
            var settings = termios()
            let descriptor = try #require(terminal.descriptor)
            tcgetattr(descriptor, &settings)
            settings.c_lflag |= tcflag_t(ICANON | ECHO)
            tcsetattr(descriptor, TCSANOW, &settings)
            try await terminal.waitFor("Which? ")
            #expect(!terminal.isCanonical && !terminal.echoes)
            try terminal.send("\u{3}")
            #expect(try await process.end() == .interrupted)
        }

        /// Shows a conversation of many lines on a terminal.
        private func shown(_ environment: [String: String?]) async throws -> String {
            let items = String(repeating: "- item\\n", count: 40)
            let answer = "Some **bold** text.\\n\\n\(items)\\nThe end."
            let line =
                #"{"id":"2ccccccccc","title":"long","model":"","created":1,"changed":1,"head":1,"#
                + #""turns":[{"id":1,"question":"q","answer":"\#(answer)","state":"finished","#
                + #""started":1}]}"#
            _ = try await run(["import", "-"], input: line + "\n")
            let terminal = try PseudoTerminal()
            let process = try AmaruProcess(
                ["history", "show", "2c"],
                on: terminal,
                in: folder,
                environment: environment
            )
            try await terminal.waitFor("The end.")
            #expect(try await process.end() == .exited(0))
            return terminal.output
        }

        @Test func `On a terminal it is laid out, and goes through the pager if it is long`()
            async throws
        {
            let bold = "\u{1B}[1mbold\u{1B}[0m"
            let paged = try await shown(["PAGER": "echo $LESS; sed s/item/thing/"])
            #expect(paged.hasPrefix("R\r\n"), "\(paged)")
            #expect(paged.contains(bold) && paged.contains("• thing"), "\(paged)")
            for pager in ["", " ", "/nowhere/pager"] {
                let direct = try await shown(["PAGER": pager])
                #expect(direct.contains(bold) && direct.contains("• item"), "\(direct)")
            }
            let plain = try await shown(["TERM": "dumb", "PAGER": "sed s/item/thing/"])
            #expect(plain.contains("**bold**") && plain.contains("- item"), "\(plain)")
            let short = try PseudoTerminal(columns: 80)
            _ = try await run(["import", "-"], input: Self.first + "\n")
            let process = try AmaruProcess(
                ["history", "show", "2a"],
                on: short,
                in: folder,
                environment: ["PAGER": "sed s/serpent/thing/"]
            )
            try await short.waitFor("A serpent.")
            #expect(try await process.end() == .exited(0))
        }

        @Test func `Titles that would turn letters around are spelled out`() async throws {
            let line = Self.first.replacing("About", with: "\u{202E}About\u{2066}")
            _ = try await run(["import", "-"], input: line + "\n")
            let list = try await run([]).output
            #expect(list.contains("<U+202E>About<U+2066> serpents"), "\(list)")
            let found = try await run(["search", "serpent"]).output
            #expect(found.contains("<U+202E>About"), "\(found)")
            #expect(try await run(["show", "2a"]).output.hasPrefix("# <U+202E>About"))
        }

        @Test func `All are deleted only when the user says so`() async throws {
            try await fill()
            let silent = try await run(["delete", "--all"])
            #expect(silent.errors.contains("write --yes"), "\(silent)")
            let terminal = try PseudoTerminal()
            let arguments = ["history", "delete", "--all"]
            let process = try AmaruProcess(arguments, on: terminal, in: folder)
            try await terminal.waitFor("Delete all 2 conversations? [y/N] ")
            try terminal.send("n\n")
            try await terminal.waitFor("Nothing was deleted.")
            #expect(try await process.end() == .exited(1))
            #expect(try await run(["delete"]).status == .exited(2))
            #expect(try await run(["delete", "2a"]).errors == "1 conversation deleted\n")
            #expect(try await run(["list"]).output.split(separator: "\n").count == 1)
        }
    }
}
