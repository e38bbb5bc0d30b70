// Where a page resumes following a turn.
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import HummingbirdCore

/// How much of a turn a page knows: the positions behind events of its log.
enum EventPlace: Equatable {
    /// Nothing.
    case beginning
    /// All up to a position.
    case after(Int)
    /// All, and how it ended.
    case end
    /// An invalid position.
    case nowhere

    /// Tells the logs of this process from those of others, in which positions mean something else.
    static let log = String(UInt32.random(in: 0...UInt32.max), radix: 36)
    /// The position behind the end; the largest number that JavaScript counts to.
    private static let last = 1 << 53 - 1

    /// What `Last-Event-ID` says, which a browser sends when it connects again, or else `after`.
    init(_ request: Request, of turn: Int64) {
        let query = request.uri.queryParameters["after"].map(String.init)
        guard let text = request.headers[.lastEventID] ?? query, !text.isEmpty else {
            self = .beginning
            return
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isOfTurn = parts.count == 1 || parts.count <= 3 && Int64(parts[0]) == turn
        let position = parts.last.flatMap { Int($0) }
        self =
            switch (parts.count, position) {
            case _ where !isOfTurn: .nowhere
            case (1...2, 0): .beginning
            case (1...2, Self.last): .end
            case (3, let position?) where position > 0 && parts[1] == Self.log: .after(position)
            default: .nowhere
            }
    }

    /// The id of an event, after which this is what a page knows.
    func id(of turn: Int64) -> String? {
        switch self {
        case .after(let position): "\(turn).\(Self.log).\(position)"
        case .end: "\(turn).\(Self.last)"
        case .beginning, .nowhere: nil
        }
    }
}
