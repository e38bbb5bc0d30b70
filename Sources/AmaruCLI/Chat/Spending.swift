// What a conversation has used, and what that costs by the prices in the user's settings.
// SPDX-License-Identifier: Apache-2.0

import AmaruStore

/// The tokens of some turns, and their cost as far as it is known.
struct Spending: Equatable {
    private(set) var usage = TokenUsage()
    private(set) var cost = 0.0
    /// The number of turns whose tokens have a price, and of those that have none.
    private(set) var priced = 0
    private(set) var unpriced = 0

    /// What all branches of a conversation have used: each was paid for.
    init(_ whole: WholeConversation, _ prices: Configuration) {
        for turn in whole.turns { add(turn, of: whole.conversation, prices) }
    }

    /// What one turn has used.
    init(_ turn: StoredTurn, of conversation: Conversation, _ prices: Configuration) {
        add(turn, of: conversation, prices)
    }

    private mutating func add(
        _ turn: StoredTurn,
        of conversation: Conversation,
        _ prices: Configuration
    ) {
        guard turn.promptTokens != nil || turn.completionTokens != nil else { return }
        let used = TokenUsage(
            prompt: turn.promptTokens ?? 0,
            completion: turn.completionTokens ?? 0
        )
        let server = turn.server.isEmpty ? conversation.server : turn.server
        add(used, turns: 1, at: prices.price(of: turn.model, at: server))
    }

    /// Adds what some turns have used that were answered by one model of one server.
    mutating func add(_ used: TokenUsage, turns: Int, at price: Price?) {
        // A file of others may hold any number.
        let used = TokenUsage(prompt: max(0, used.prompt), completion: max(0, used.completion))
        usage += used
        if price == nil { unpriced += turns } else { priced += turns }
        cost += price?.cost(of: used) ?? 0
    }

    /// Creates an empty sum.
    init() {}

    /// Whether a server has counted any tokens.
    var isCounted: Bool { priced + unpriced > 0 }

    /// The cost; nil if none of it is known.
    var knownCost: Double? { priced > 0 ? cost : nil }

    /// One line about it; nil if no tokens were counted.
    func text(currency: String?) -> String? {
        guard isCounted else { return nil }
        let tokens = "tokens: \(usage.prompt) in, \(usage.completion) out"
        guard let knownCost else { return tokens }
        let count = unpriced == 1 ? "1 message" : "\(unpriced) messages"
        let rest = unpriced == 0 ? "" : " and \(count) without a price"
        return "\(tokens); cost: \(Price.text(knownCost, currency: currency))\(rest)"
    }
}

extension Configuration {
    /// What a model costs at a server, by the providers that have its URL.
    func price(of model: String, at server: String) -> Price? {
        providerNames.lazy.compactMap { name in
            let found = provider(name)
            return found?.baseURL == server ? found?.prices?[model] : nil
        }.first
    }
}
