// The tutorial's set-up script, byte for byte, and its page: both install and converse.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.needsTutorial, .needsPackages, .timeLimit(.minutes(10))) struct TutorialSetUpTests {
        @Test func `It installs once and answers; then the page in Swift holds the conversation`()
            async throws
        {
            let site = try await TutorialSite()
            let cache = try TemporaryFolder()
            try await startTwice(site, cache)
            for variant in TutorialSite.Variant.allCases {
                let result = try await converse(
                    with: [.chat("Hello \u{1B}[2Jthere"), .chat("And again")],
                    at: site.page(variant),
                    site,
                    cache
                )
                let shown = """
                    Pyodide Chat with AI Assistant
                    You: hello
                    AI: Hello [2Jthere
                    You: second
                    AI: And again

                    """
                #expect(result.output == shown, "\(variant): \(result.errors)")
                #expect(result.status == .exited(0), "\(variant): \(result.errors)")
            }
            let faulty = try await converse(
                with: [.apiError("no such key", status: 401)],
                at: site.page(.awaiting),
                site,
                cache
            )
            // The tutorial's transport hides what the server said.
            #expect(faulty.output.contains("You: hello\nFault: TypeError: "), "\(faulty)")
            #expect(faulty.status == .exited(1))
            // Each wheel was asked for once, by the first of the starts. The archive of the page the
            // set-up itself fetches by `pyfetch`, each time: twice by the command, and by each page.
            var asked = await site.end()
            #expect(asked.removeValue(forKey: "/awaiting/app.tar.gz") == 4)
            #expect(asked.removeValue(forKey: "/calling/app.tar.gz") == 1)
            #expect(asked.removeValue(forKey: "/returning/app.tar.gz") == 1)
            #expect(asked.count == 5 && asked.values.allSatisfy { $0 == 1 }, "\(asked)")
        }

        /// Runs the tutorial's set-up script by the command; the second start installs nothing.
        ///
        /// Its package index refuses every connection: an installer that ran would fail.
        private func startTwice(_ site: TutorialSite, _ cache: TemporaryFolder) async throws {
            let work = try TemporaryFolder()
            let seed = Tutorial.main.deletingLastPathComponent().appending(path: "setup.py.txt")
            let setUp = try Data(contentsOf: seed)
            try setUp.write(to: work.url.appending(path: "setup.py"))
            let refusing = "http://127.0.0.1:\(try await ScriptedServer.refusingPort())/simple"
            for start in 1...2 {
                var variables = ["XDG_CACHE_HOME": cache.path, "OPENAI_API_KEY": "sk-set-up"]
                if start == 2 {
                    variables["PIP_INDEX_URL"] = refusing
                    variables["UV_DEFAULT_INDEX"] = refusing
                }
                let server = ScriptedServer([.chat("Hello there"), .chat("And again")])
                let port = try await server.start()
                let process = try AmaruProcess(
                    [
                        "run", "setup.py", "--origin", site.page(.awaiting),
                        "--route", site.wheels,
                        "--route", "https://api.openai.com=http://127.0.0.1:\(port)",
                    ],
                    input: .text("hello\nsecond\n"),
                    in: work,
                    environment: variables
                )
                let result = try await process.result(within: .seconds(300))
                await server.shutDown()
                #expect(result.output == "Hello there\nAnd again\n", "\(result.errors)")
                #expect(result.status == .exited(0), "\(result.errors)")
                #expect(server.requests.first?.header("authorization") == "Bearer sk-set-up")
                #expect(result.errors.contains("Successfully installed") == (start == 1))
            }
        }

        @Test func `The page in Swift is as short as the tutorial's`() throws {
            let page = Tutorial.main.deletingLastPathComponent().appending(path: "python.js")
            let example = URL(filePath: #filePath)
                .appending(path: "../../../../Sources/Examples/TutorialPage/main.swift")
            let lines = try [page, example.standardizedFileURL].map { file in
                try String(contentsOf: file, encoding: .utf8).count { $0 == "\n" }
            }
            #expect(lines[1] <= lines[0])
        }

        /// Converses by the example, which is the tutorial's page in Swift.
        private func converse(
            with answers: [ScriptedResponse],
            at page: String,
            _ site: TutorialSite,
            _ cache: TemporaryFolder
        ) async throws -> AmaruProcess.Result {
            let server = ScriptedServer(answers)
            let port = try await server.start()
            let process = try AmaruProcess(
                [page, site.wheels, "https://api.openai.com=http://127.0.0.1:\(port)"],
                of: AmaruProcess.products.appending(path: "TutorialPage").path,
                input: .text("sk-page\nhello\nsecond\n"),
                environment: ["XDG_CACHE_HOME": cache.path]
            )
            let result = try await process.result(within: .seconds(300))
            await server.shutDown()
            #expect(server.requests.first?.header("authorization") == "Bearer sk-page")
            return result
        }
    }
}
