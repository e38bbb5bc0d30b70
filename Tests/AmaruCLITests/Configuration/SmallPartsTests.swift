// The parts of the settings that neither read files nor ask servers.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import AmaruCLI

@Suite struct NearMissTests {
    @Test(
        arguments: [
            ("evn", ["env", "run"], ["env"]), ("rn", ["run", "env"], ["run"]),
            ("env", ["env"], []), ("ENV", ["env"], ["env"]), ("hello", ["help"], []),
            ("gpt-4o-mni", ["gpt-4o", "gpt-4o-mini", "gpt-4o-nano"], ["gpt-4o-mini"]),
            ("plugisn", ["plugins"], ["plugins"]), ("x", ["y"], []), ("", ["a"], []),
        ]
    )
    func `One typing error is near, in long words two`(
        word: String,
        names: [String],
        near: [String]
    ) {
        #expect(Array(NearMiss.names(near: word, among: names).prefix(1)) == near)
    }

    @Test func `Without a typing error the longer names count`() {
        let models = ["maker/llama-3-8b", "maker/llama-3-70b", "other/qwen"]
        #expect(Program.near("llama-3-8b", models) == ["maker/llama-3-8b"])
        #expect(Program.near("zz", models).isEmpty)
    }
}

@Suite struct PriceTests {
    @Test(
        arguments: [
            (0, "$0.00"), (1, "$1.00"), (12.346, "$12.35"), (0.05, "$0.050"), (0.2, "$0.20"),
            (0.00001234, "$0.000012"), (1e-12, "$0.000000000"),
        ] as [(Double, String)]
    )
    func `An amount has two digits that count`(amount: Double, text: String) {
        #expect(Price.text(amount, currency: nil) == text)
    }

    @Test func `The tokens of a conversation are added up, and priced by the million`() {
        var total = TokenUsage(prompt: 1000, completion: 10)
        total += TokenUsage(prompt: 1_000_000, completion: 500_000)
        let price = Price(input: 0.5, output: 2)
        #expect(abs(price.cost(of: total) - 1.50052) < 1e-9)
        #expect(
            Price.summary(of: total, at: price, currency: "€")
                == "tokens: 1001000 in, 500010 out; cost: €1.50"
        )
        #expect(
            Price.summary(of: TokenUsage(prompt: 1, completion: 2), at: nil, currency: nil)
                == "tokens: 1 in, 2 out"
        )
        total += TokenUsage(prompt: .max, completion: .max)
        #expect(total == TokenUsage(prompt: .max, completion: .max))
    }
}

@Suite struct TemplateTests {
    private func prompt(
        _ text: String,
        _ values: [String: String] = [:],
        input: String = "I"
    ) throws -> String {
        try Template(prompt: text).filled(values, of: "t").prompt(with: input)
    }

    @Test func `Variables have values, and the user's text comes last`() throws {
        #expect(try prompt("To ${lang}: $input.", ["lang": "Quechua"]) == "To Quechua: I.")
        #expect(try prompt("$$5 and $5 and $") == "$5 and $5 and $")
        #expect(try prompt("$a", ["a": "$input $$ $b"]) == "$input $$ $b")
        #expect(try prompt("$input", input: "$a ${b} $$") == "$a ${b} $$")
        let template = Template(prompt: "Say it", system: "In $a", defaults: ["a": "d"])
        #expect(!template.takesInput)
        #expect(try template.filled([:], of: "t").system == "In d")
        #expect(try template.filled(["a": "o"], of: "t").system == "In o")
    }

    @Test func `A variable without a value is named, and a value without a variable`() {
        #expect {
            try prompt("$a $b ${c}", ["b": ""])
        } throws: {
            "\($0)".contains("add -p a=… -p c=…")
        }
        #expect {
            try prompt("$a", ["a": "", "z": ""])
        } throws: {
            "\($0)".contains("no variable z")
        }
    }
}

@Suite struct ModelListTests {
    @Test(
        arguments: [
            ("http://h/v1", "http://h/v1/models"), ("http://h/v1/", "http://h/v1/models"),
            ("http://h/v1/chat/completions", "http://h/v1/models"),
            ("http://h/x?api-version=1#f", "http://h/x/models?api-version=1"),
        ]
    )
    func `The list is beside the completions`(base: String, url: String) {
        #expect(ModelRequest.url(of: base) == url)
    }

    @Test(
        arguments: [
            (#"{"data": [{"id": "b"}, {"id": "a", "x": 1}, {"id": "a"}]}"#, ["a", "b"]),
            (#"{"models": [{"name": "m"}]}"#, ["m"]), (#"[{"id": "m"}]"#, ["m"]),
            (#"{"data": []}"#, []), (#"{"data": [{"id": "a\u001b[2J"}, {"id": "a b"}]}"#, ["a"]),
            (#"{"links": []}"#, nil), ("<html>", nil), ("", nil),
        ] as [(String, [String]?)]
    )
    func `Every form of a list is read`(body: String, names: [String]?) {
        #expect(ModelNames(Data(body.utf8))?.all == names)
    }
}
