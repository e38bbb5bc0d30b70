// Colours of code by Pygments, in a process of its own.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import AmaruMarkdown
import AmaruPython
import Dispatch

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Has code coloured by a program beside this one.
///
/// Not by the interpreter that chats: there it would be among the script's modules, share the lock
/// with the script, and a regular expression that backtracks would hold up both. The program
/// starts with the first fence, works in a process group that no Ctrl-C reaches, is bounded in
/// time and memory by itself, and is killed when this one ends.
final class PygmentsHighlighter: CodeHighlighter, Sendable {
    private let environment: HighlightEnvironment
    private let script: String
    private let variables: [String: String]
    private let state: Lock<HighlightState>
    private let child = Lock<ChildProcess?>(nil)
    /// What may block: the pipe of a process that is busy, and files.
    private let queue = DispatchQueue(label: "amaru.highlight")

    /// - `script`: The path of the program that is run.
    init(
        environment: HighlightEnvironment,
        script: String,
        variables: [String: String],
        limits: HighlightState.Limits
    ) {
        self.environment = environment
        self.script = script
        self.variables = variables.filter { ["PATH", "LD_LIBRARY_PATH"].contains($0.key) }
        state = Lock(HighlightState(limits: limits))
    }

    var patience: Duration { state.withLock { $0.limits.end } }

    func begin(_ language: String) -> (any ColoredCode)? {
        let number: Int? = state.withLock { state in
            guard let (number, actions) = state.begin(language, at: .now) else { return nil }
            perform(actions)
            return number
        }
        return number.map { Code(highlighter: self, number: $0) }
    }

    /// A piece of code, which ends with the last reference to it.
    private final class Code: ColoredCode {
        let highlighter: PygmentsHighlighter
        let number: Int

        init(highlighter: PygmentsHighlighter, number: Int) {
            self.highlighter = highlighter
            self.number = number
        }

        deinit { highlighter.change { $0.finish(number) } }

        var isPlain: Bool { highlighter.state.withLock { $0.isPlain(number) } }

        func append(_ line: String) {
            highlighter.change { $0.append(line, to: number, at: .now) }
        }

        func giveUp() { highlighter.state.withLock { $0.giveUp(number) } }

        func take(_ count: Int) -> [[CodeSpan]?]? {
            highlighter.state.withLock { $0.take(count, of: number, at: .now) }
        }
    }

    private func change(_ body: (inout HighlightState) -> [HighlightState.Action]) {
        // Under the lock, for the order of lines.
        state.withLock { perform(body(&$0)) }
    }

    private func perform(_ actions: [HighlightState.Action]) {
        for action in actions {
            switch action {
            case .start: queue.async { [self] in start() }
            case .send(let text):
                queue.async { [self] in try? child.withLock { $0 }?.write(text) }
            case .stop: child.withLock { $0 }?.signal(SIGKILL)
            }
        }
    }

    private func start() {
        do {
            guard let python = try environment.existing()?.executable.path else {
                state.withLock { $0.lack() }
                Task.detached(priority: .background) { [self] in
                    if await environment.make() { state.withLock { $0.obtain() } }
                }
                return
            }
            let started = try ChildProcess(
                executable: python,
                arguments: ["-I", "-B", "-X", "utf8", script],
                environment: variables,
                standardInput: .pipe,
                standardError: .merged
            )
            child.withLock { $0 = started }
            Task.detached { [self] in
                for await line in started.standardOutput {
                    state.withLock { $0.receive(line, at: .now) }
                }
                state.withLock { $0.end() }
            }
        } catch {
            state.withLock { $0.lack() }
        }
    }
}

extension PygmentsHighlighter {
    /// What the settings ask for; nil if code is to stay plain.
    convenience init?(
        _ setting: Configuration.Highlight?,
        resources: PythonResources,
        variables: [String: String]
    ) {
        let limit: Duration?
        switch setting {
        case .off: return nil
        case .on(let seconds?): limit = .seconds(seconds)
        default: limit = nil
        }
        let builder = EnvironmentBuilder(
            cacheFolder: UserFolder.cache(in: variables),
            environment: variables
        )
        self.init(
            environment: HighlightEnvironment(builder: builder),
            script: resources.root.appending(path: "amaru/_highlight.py").path,
            variables: variables,
            limits: HighlightState.Limits(limit)
        )
    }
}
