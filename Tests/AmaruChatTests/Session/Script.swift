// Scripts whose sessions tests look into.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruHTTP
import AmaruPython
import AmaruTesting
import Testing

@testable import AmaruChat

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Scripts in sessions of their own.
enum Script {
    static func session(
        _ source: String,
        limits: TurnLimits = TurnLimits()
    ) throws -> ChatSession {
        ChatSession(try configuration(of: source), limits: limits)
    }

    static func configuration(of source: String) throws -> ChatConfiguration {
        let folder = try TemporaryFolder()
        let file = URL(filePath: folder.path).appending(path: "chat.py")
        try Data(source.utf8).write(to: file)
        let executable = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        return ChatConfiguration(
            resources: try PythonResources(besides: executable),
            script: try ChatScript(path: file.path),
            settings: ChatSettings(model: "m", baseURL: "http://127.0.0.1:1/v1"),
            network: try HTTPStack(over: NIOHTTPBackend()),
            bytecodeCache: URL(filePath: folder.path).appending(path: "bytecode")
        )
    }

    static func text(of turn: Turn) async throws -> String {
        var text = ""
        for try await event in turn {
            switch event {
            case .text(let more), .display(let more): text += more
            default: break
            }
        }
        return text
    }
}
