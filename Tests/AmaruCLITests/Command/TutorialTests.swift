// The tutorial's script, byte for byte, under the built command.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.needsTutorial, .needsPackages) struct TutorialTests {
        private static let key = "sk-tutorial-9f27c1"

        @Test func `Each line is answered, in order, with the real key on the wire`() async throws {
            let server = ScriptedServer([.chat("Hello there"), .chat("And again")])
            let result = try await run(Tutorial.main.path, server, "hello\nsecond\n")
            await server.shutDown()
            #expect(result.output == "Hello there\nAnd again\n")
            #expect(result.status == .exited(0), "\(result.errors)")
            #expect(server.requests.map(\.method) == ["POST", "POST"])
            #expect(Set(server.requests.map(\.path)) == ["/v1/chat/completions"])
            for request in server.requests {
                #expect(request.header("authorization") == "Bearer \(Self.key)")
            }
        }

        @Test func `A bare call of displayResponse shows the answer too`() async throws {
            let folder = try TemporaryFolder()
            let source = try String(contentsOf: Tutorial.main, encoding: .utf8)
            let bare = source.replacing("await js_module.display", with: "js_module.display")
            try #require(bare != source)
            let script = try folder.write(bare, to: "main.py")
            let server = ScriptedServer([.chat("Without await")])
            let result = try await run(script.path, server, "hello\n")
            await server.shutDown()
            #expect(result.output == "Without await\n")
            #expect(result.status == .exited(0), "\(result.errors)")
        }

        @Test func `Python never holds the key, whatever of it one looks at`() async throws {
            let folder = try TemporaryFolder()
            let source = try String(contentsOf: Tutorial.main, encoding: .utf8)
            try folder.write(source, to: "tutorial.py")
            let script = try folder.write(Self.search, to: "search.py")
            let server = ScriptedServer([.chat("Hello there")])
            let result = try await run(script.path, server, "hello\n")
            await server.shutDown()
            #expect(
                result.output == "Hello there\nkey found: none\nplaceholder found: yes\n",
                "\(result.errors)"
            )
            #expect(server.requests.first?.header("authorization") == "Bearer \(Self.key)")
        }

        /// Looks for the key without ever putting its text together; that the same search finds
        /// the placeholder shows that it looks in the right places.
        private static let search = """
            import gc, os, sys
            import js_module
            import tutorial
            from tutorial import main, sender_message_proxy

            KEY = ("sk-tutorial", "-9f27c1")
            PLACEHOLDER = ("amaru-place", "holder-")
            answer = tutorial.handle_message

            def holds(value, halves):
                if isinstance(value, (bytearray, memoryview)):
                    value = bytes(value)
                if isinstance(value, bytes):
                    value = value.decode("latin-1")
                if not isinstance(value, str):
                    return False
                first, second = halves
                at = value.find(first)
                while at >= 0:
                    if value.startswith(second, at + len(first)):
                        return True
                    at = value.find(first, at + 1)
                return False

            def places(halves):
                # With what was there before the script.
                gc.unfreeze()
                for thing in gc.get_objects():
                    # Their dicts are there, too. What _asyncio of CPython 3.12 shows beyond
                    # that are objects that have been freed.
                    if isinstance(thing, type(sys)):
                        continue
                    for part in [thing, *gc.get_referents(thing)]:
                        if holds(part, halves):
                            yield f"an object of {type(thing).__name__}"
                for frame in sys._current_frames().values():
                    while frame is not None:
                        for name, value in frame.f_locals.items():
                            if holds(value, halves) or holds(repr(value), halves):
                                yield f"{name} in {frame.f_code.co_name}"
                        frame = frame.f_back
                for name, value in os.environ.items():
                    if holds(value, halves):
                        yield f"os.environ[{name!r}]"
                for name, value in vars(tutorial.openai_client).items():
                    if holds(value, halves) or holds(repr(value), halves):
                        yield f"the client's {name}"
                if os.path.exists("/proc/self/environ"):
                    with open("/proc/self/environ", "rb") as block:
                        if holds(block.read(), halves):
                            yield "/proc/self/environ"

            async def handle_message(api_key, message):
                await answer(api_key, message)
                found = sorted(set(places(KEY)))
                js_module.displayResponse("key found: " + (", ".join(found) or "none"))
                known = "yes" if any(places(PLACEHOLDER)) else "no"
                js_module.displayResponse("placeholder found: " + known)

            tutorial.handle_message = handle_message
            """

        // MARK: Faults that the script does not survive

        @Test(
            "A fault that kills the receiver is reported with its origin, and the chat goes on",
            arguments: [
                ([.apiError("no such key", status: 401)], "rejected the key (401)"),
                ([.apiError("slow down", status: 429)], "is limiting requests (429)"),
                ([.apiError("broken", status: 500)], "failed (500)"),
                // The tutorial's transport raises here, and the SDK tries that twice more.
                ([.html, .html, .html], "answered 200"),
            ] as [([ScriptedResponse], String)]
        )
        func deadReceiver(faults: [ScriptedResponse], words: String) async throws {
            let server = ScriptedServer(faults + [.chat("Back again")])
            let result = try await run(Tutorial.main.path, server, "first\nsecond\n")
            await server.shutDown()
            #expect(result.output == "Back again\n", "\(result.errors)")
            #expect(result.errors.contains("https://api.openai.com \(words)"), "\(result.errors)")
            #expect(result.status == .exited(1))
            #expect(server.requests.count == faults.count + 1)
        }

        @Test func `A refused connection fails each line, with the origin named`() async throws {
            let port = try await ScriptedServer.refusingPort()
            let result = try await run(
                Tutorial.main.path,
                port: port,
                "first\nsecond\n"
            )
            let reports = result.errors.split(separator: "\n").filter {
                $0.contains("api.openai.com") && $0.contains("refused")
            }
            #expect(reports.count == 2, "\(result.errors)")
            #expect(result.output == "")
            #expect(result.status == .exited(1))
        }

        private func run(
            _ script: String,
            _ server: ScriptedServer,
            _ input: String
        ) async throws -> AmaruProcess.Result {
            try await run(script, port: try await server.start(), input)
        }

        private func run(
            _ script: String,
            port: Int,
            _ input: String
        ) async throws -> AmaruProcess.Result {
            try await AmaruProcess.run(
                ["run"] + Tutorial.requirements + [
                    "--key-env", "TEST_KEY",
                    "--route", "https://api.openai.com=http://127.0.0.1:\(port)", script,
                ],
                input: input,
                environment: ["TEST_KEY": Self.key]
            )
        }
    }

    @Suite struct TutorialScriptTests {
        @Test(
            "A main() that always dies at once ends the run with 1",
            arguments: ["", "hello\n"]
        )
        func hopelessScript(input: String) async throws {
            let folder = try TemporaryFolder()
            let script = try folder.write(
                """
                starts = 0

                async def main():
                    global starts
                    starts += 1
                    print("start", starts, flush=True)
                    raise LookupError("nothing works")

                def sender_message_proxy(key, text):
                    pass
                """,
                to: "hopeless.py"
            )
            let process = try AmaruProcess(
                ["run", "--key-env", "TEST_KEY", script.path],
                input: .open,
                environment: ["TEST_KEY": "sk-unused"]
            )
            // The input stays open: the end must not come from it.
            try process.write(input)
            let result = try await process.result()
            #expect(result.output.hasPrefix("start 1\nstart 2\n"), "\(result.output)")
            #expect(result.errors.contains("LookupError: nothing works"))
            #expect(result.errors.contains("stopped twice without taking a message"))
            #expect(result.status == .exited(1))
        }

        @Test func `A script that shows nothing leaves its message unanswered`() async throws {
            let folder = try TemporaryFolder()
            let script = try folder.write(
                "def sender_message_proxy(key, text): pass\n",
                to: "silent.py"
            )
            let result = try await AmaruProcess.run(
                ["run", "--key-env", "TEST_KEY", "--idle-timeout", "0.5", script.path],
                input: "hello\n",
                environment: ["TEST_KEY": "sk-unused"]
            )
            #expect(result.errors.contains("--idle-timeout"), "\(result.errors)")
            #expect(result.status == .exited(1))
        }
    }
}
