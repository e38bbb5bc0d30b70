// What servers do that share a store.
// SPDX-License-Identifier: Apache-2.0

/// What came of the wish to add a turn.
package enum Reservation: Sendable, Equatable {
    /// It is there.
    case begun
    /// The request has a turn already.
    case known(Int64)
    /// The head is another one than the turn's parent.
    case moved
    /// The turn before, or another one in the same place, is still being answered.
    case answered
    /// There is no such conversation.
    case unknown
}

extension ConversationStore {
    /// Adds a turn to a conversation that is there, unless another server was faster.
    ///
    /// - `isNext`: Whether it has to follow the head.
    package func reserve(
        _ turn: StoredTurn,
        in conversation: Conversation,
        isNext: Bool
    ) throws(StoreError) -> Reservation {
        try database.transaction { () throws(StoreError) in
            let writer = try engine.becomeWriter()
            let heads = try database.rows(
                "SELECT head FROM conversation WHERE id = ? FOR UPDATE",
                .text(conversation.id),
                as: { $0.optionalInteger(0) }
            )
            guard let head = heads.first else { return .unknown }
            let known = try database.rows(
                "SELECT id FROM turn WHERE request = ?",
                SQLValue(turn.request),
                as: { $0.integer(0) }
            ).first
            // Its own, if it was added and the answer was lost.
            if let known { return known == turn.id ? .begun : .known(known) }
            if isNext, head != turn.parent { return .moved }
            let open = try database.number(
                """
                SELECT count(*) FROM turn WHERE conversation = ? AND state = 'running'
                    AND (id = ? OR ? = 1 AND parent IS ?)
                """,
                .text(conversation.id),
                SQLValue(turn.parent),
                isNext ? 1 : 0,
                SQLValue(turn.parent)
            )
            guard open == 0 else { return .answered }
            try add(turn, to: conversation.id, writer: writer)
            try database.run(
                "UPDATE conversation SET title = ? WHERE id = ? AND title = ''",
                .text(conversation.title),
                .text(conversation.id)
            )
            try moveHead(of: conversation.id, to: turn.id, at: turn.started)
            return .begun
        }
    }

    /// Takes back a turn that could not be opened.
    ///
    /// One that another server has taken for cut off meanwhile, or that a turn goes on from, stays.
    package func withdraw(_ turn: StoredTurn, from conversation: String) throws(StoreError) {
        try database.transaction { () throws(StoreError) in
            let writer = try engine.becomeWriter()
            // Nobody adds a turn to the conversation until this is over.
            try database.run(
                "UPDATE conversation SET changed = changed WHERE id = ?",
                .text(conversation)
            )
            try database.run(
                """
                DELETE FROM turn WHERE id = ? AND state = 'running' AND writer = ?
                    AND NOT EXISTS (SELECT 1 FROM turn AS next WHERE next.parent = turn.id)
                """,
                .integer(turn.id),
                .text(writer)
            )
            guard database.changes > 0 else { return }
            try database.run(
                "UPDATE conversation SET head = ? WHERE id = ? AND head = ?",
                SQLValue(turn.parent),
                .text(conversation),
                .integer(turn.id)
            )
        }
    }

    /// Returns those of some turns that have not been removed.
    package func remaining(of turns: [Int64]) throws(StoreError) -> Set<Int64> {
        let list = turns.map(String.init).joined(separator: ", ")
        guard !list.isEmpty else { return [] }
        return Set(
            try database.rows("SELECT id FROM turn WHERE id IN (\(list))", as: { $0.integer(0) })
        )
    }

    /// Asks the server that answers a turn to stop.
    ///
    /// Others may have marked the turn as interrupted while that server was cut off.
    package func requestStop(of turn: Int64) throws(StoreError) {
        try database.run(
            "UPDATE turn SET stop = true WHERE id = ? AND \(engine.isOpen)",
            .integer(turn)
        )
    }
}
