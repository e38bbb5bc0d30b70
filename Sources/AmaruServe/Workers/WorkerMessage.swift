// What a server and its workers tell each other: one JSON object a line.
// SPDX-License-Identifier: Apache-2.0

package import AmaruChat
import AmaruEnvironment

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a server tells a worker.
package enum WorkerCommand: Codable, Sendable {
    /// What to run; the first message.
    case begin(WorkerStart)
    /// A key that was typed since.
    case key(String)
    case send(turn: Int, ServedQuestion)
    case cancel(turn: Int)
    /// The turn's readers have taken so many bytes of events.
    case taken(turn: Int, bytes: Int)
    /// To be answered at once.
    case ping
}

/// What a worker tells its server.
package enum WorkerReport: Codable, Sendable {
    /// The script answers.
    case ready(WorkerOffer)
    /// The script does not start; the worker ends.
    case failed(ChatFailure)
    case events(turn: Int, [TurnEvent])
    case end(turn: Int, TurnEnd)
    /// The process runs, whatever Python does.
    case pong

    /// The number that stands for what a script says between turns, and for its end.
    static let background = 0
}

/// What a worker runs.
package struct WorkerStart: Codable, Sendable {
    /// Variables with keys: those of the process itself would be there for others to read.
    package var variables: [String: String] = [:]
    /// A key that is in no variable.
    package var key: String?
    /// The script as the server has read it; nil for the chat that is built in.
    package var script: ChatScript?
    /// What its relative URLs are relative to, if not to its folder.
    package var fetchBase: String?

    package init() {}
}

/// What the script of a worker turned out to be.
package struct WorkerOffer: Codable, Sendable, Equatable {
    package var takesKey: Bool
    package var readsRequests: Bool
    package var model: String?

    package init(takesKey: Bool, readsRequests: Bool, model: String?) {
        (self.takesKey, self.readsRequests, self.model) = (takesKey, readsRequests, model)
    }
}

extension LineSocket {
    /// Sends a message.
    ///
    /// - `onFailure`: Called if it is longer than a line may be, and so is not sent.
    func send(
        _ message: some Encodable & Sendable,
        onFailure: @escaping @Sendable () -> Void = {}
    ) {
        // Encoded on the socket's thread, so that the sender need not wait.
        send {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .withoutEscapingSlashes
            if let line = try? encoder.encode(message), line.count <= Self.bound {
                return Array(line)
            }
            onFailure()
            return nil
        }
    }
}
