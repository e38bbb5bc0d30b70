// What tokens cost, by the prices in the user's settings.
// SPDX-License-Identifier: Apache-2.0

/// The tokens of one or several turns.
struct TokenUsage: Equatable, Sendable {
    var prompt = 0
    var completion = 0

    /// Adds the tokens of another turn; a sum that no number holds stays at the largest.
    static func += (total: inout TokenUsage, more: TokenUsage) {
        total.prompt = sum(total.prompt, more.prompt)
        total.completion = sum(total.completion, more.completion)
    }

    private static func sum(_ one: Int, _ other: Int) -> Int {
        let (sum, overflows) = one.addingReportingOverflow(other)
        return overflows ? .max : sum
    }
}

/// The price of a model, for a million tokens.
struct Price: Codable, Equatable, Sendable {
    var input: Double
    var output: Double

    /// What stands before an amount unless the settings say otherwise.
    static let standardCurrency = "$"

    /// What tokens cost.
    func cost(of usage: TokenUsage) -> Double {
        (Double(usage.prompt) * input + Double(usage.completion) * output) / 1e6
    }

    /// An amount of money as text: two digits that count, and at least cents.
    static func text(_ amount: Double, currency: String?) -> String {
        let currency = currency ?? standardCurrency
        guard amount > 0 else { return "\(currency)0.00" }
        var (digits, scaled) = (2, amount * 100)
        while scaled < 10, digits < 9 {
            digits += 1
            scaled *= 10
        }
        guard scaled < 1e15 else { return "\(currency)\(amount)" }
        let whole = String(Int(scaled.rounded()))
        let padded = String(repeating: "0", count: max(0, digits + 1 - whole.count)) + whole
        return "\(currency)\(padded.dropLast(digits)).\(padded.suffix(digits))"
    }

    /// One line about the tokens of a turn or a conversation, and what they cost if that is known.
    static func summary(of usage: TokenUsage, at price: Price?, currency: String?) -> String {
        let tokens = "tokens: \(usage.prompt) in, \(usage.completion) out"
        guard let price else { return tokens }
        return "\(tokens); cost: \(text(price.cost(of: usage), currency: currency))"
    }
}
