// How options, variables and the file of settings rank.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruCLI

@Suite struct ModelChoiceTests {
    private static let configuration = Configuration(
        model: "fast",
        providers: [
            "groq": .init(
                baseURL: "https://groq.example/v1",
                model: "llama",
                system: "provider's",
                options: ["temperature": "0.2", "top_p": "1"],
                headers: ["X-A": "provider's"],
                prices: ["llama-8b": Price(input: 1, output: 2)]
            ),
            "ollama": .init(baseURL: "http://localhost:11434/v1"),
        ],
        aliases: [
            "fast": .init(model: "groq/llama-8b"),
            "careful": .init(
                model: "groq/big",
                system: "alias's",
                options: ["temperature": "0.9"],
                headers: ["X-A": "alias's"]
            ),
            "bare": .init(model: "mini"),
        ]
    )

    /// What a line of the table asks: URL, model and provider.
    struct Asked: Equatable, Sendable {
        var url: String?
        var model: String?
        var provider: String?

        init(_ url: String?, _ model: String?, _ provider: String?) {
            (self.url, self.model, self.provider) = (url, model, provider)
        }
    }

    struct Row: Sendable {
        var model: String?
        var url: String?
        var variable: String?
        var asked: Asked

        init(_ model: String?, _ url: String?, _ variable: String?, _ asked: Asked) {
            (self.model, self.url, self.variable, self.asked) = (model, url, variable, asked)
        }
    }

    private static let groq = "https://groq.example/v1"
    private static let gateway = "https://gateway.example/v1"
    private static let openai = "https://api.openai.com/v1"

    private static func choice(_ row: Row, _ configuration: Configuration) throws -> ModelChoice {
        try ModelChoice(
            ModelChoice.Words(model: row.model, baseURL: row.url),
            variables: row.variable.map { ["OPENAI_BASE_URL": $0] } ?? [:],
            configuration: configuration
        )
    }

    @Test(
        "The option goes before the variable, and that before the file",
        arguments: [
            Row(nil, nil, nil, Asked(groq, "llama-8b", "groq")),
            Row("careful", nil, nil, Asked(groq, "big", "groq")),
            Row("groq", nil, nil, Asked(groq, "llama", "groq")),
            Row("groq/maker/m", nil, nil, Asked(groq, "maker/m", "groq")),
            Row("plain", nil, nil, Asked(groq, "plain", "groq")),
            Row("bare", nil, nil, Asked(groq, "mini", "groq")),
            Row("ollama", nil, nil, Asked("http://localhost:11434/v1", nil, "ollama")),
            Row("openai/gpt", nil, nil, Asked(openai, "gpt", "openai")),
            // A server named by its URL has names of its own.
            Row("fast", gateway, nil, Asked(gateway, "fast", nil)),
            Row("groq/m", gateway, nil, Asked(gateway, "groq/m", nil)),
            Row(nil, gateway, groq, Asked(gateway, nil, nil)),
            Row(nil, nil, gateway, Asked(gateway, nil, nil)),
            Row("plain", nil, gateway, Asked(gateway, "plain", nil)),
            Row("fast", nil, gateway, Asked(groq, "llama-8b", "groq")),
            Row("groq/m", nil, gateway, Asked(groq, "m", "groq")),
            // The variable says where openai is.
            Row("openai/gpt", nil, gateway, Asked(gateway, "openai/gpt", nil)),
            Row(nil, nil, "", Asked(groq, "llama-8b", "groq")),
        ]
    )
    func ranks(row: Row) throws {
        let choice = try Self.choice(row, Self.configuration)
        #expect(Asked(choice.baseURL, choice.model, choice.provider) == row.asked)
    }

    @Test(
        "Without a file it is the standard provider, whose URL stays open",
        arguments: [
            Row(nil, nil, nil, Asked(nil, "gpt-4o-mini", "openai")),
            Row("gpt", nil, nil, Asked(nil, "gpt", "openai")),
            Row("maker/m", nil, nil, Asked(nil, "maker/m", "openai")),
            Row("openai/gpt", nil, nil, Asked(openai, "gpt", "openai")),
            Row("maker/m", nil, gateway, Asked(gateway, "maker/m", nil)),
        ]
    )
    func withoutFile(row: Row) throws {
        let choice = try Self.choice(row, Configuration())
        #expect(Asked(choice.baseURL, choice.model, choice.provider) == row.asked)
    }

    @Test func `An alias's values go before its provider's, one by one`() throws {
        let asked = Asked(nil, nil, nil)
        let careful = try Self.choice(Row("careful", nil, nil, asked), Self.configuration)
        #expect(careful.system == "alias's")
        #expect(careful.options == ["temperature": "0.9", "top_p": "1"])
        #expect(careful.headers == ["X-A": "alias's"])
        #expect(careful.price == nil)
        let fast = try Self.choice(Row("fast", nil, nil, asked), Self.configuration)
        #expect(fast.system == "provider's")
        #expect(fast.price == Price(input: 1, output: 2))
        // What belongs to the default's alias does not go with another model.
        var other = Self.configuration
        other.model = "careful"
        let plain = try Self.choice(Row("plain", nil, nil, asked), other)
        #expect(plain.options == ["temperature": "0.2", "top_p": "1"])
        let gateway = try Self.choice(Row("m", Self.gateway, nil, asked), other)
        #expect(gateway.options.isEmpty && gateway.headers.isEmpty)
    }

    @Test func `A model on this machine takes nothing of the file`() throws {
        let choice = try ModelChoice(
            ModelChoice.Words(isLocal: true),
            variables: ["OPENAI_BASE_URL": Self.gateway],
            configuration: Self.configuration
        )
        #expect(choice.baseURL == nil && choice.provider == nil && choice.options.isEmpty)
    }

    @Test(arguments: [("gorq/m", "groq/m"), ("fats", "fast"), ("carefull", "careful")])
    func `A misspelt provider or alias is named`(word: String, meant: String) {
        let row = Row(word, nil, nil, Asked(nil, nil, nil))
        #expect {
            try Self.choice(row, Self.configuration)
        } throws: { error in
            "\(error)".contains("did you mean \(meant)?")
        }
    }

    @Test(
        arguments: [
            ("groq", "GROQ_API_KEY"), ("my-own.2", "MY_OWN_2_API_KEY"), ("2nd", "_2ND_API_KEY"),
        ]
    )
    func `A provider's variable is made of its name`(name: String, variable: String) {
        #expect(ProviderKey.variable(for: name) == variable)
    }
}
