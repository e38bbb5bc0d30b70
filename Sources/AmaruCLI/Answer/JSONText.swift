// JSON as text: whether it is some, and how values become lines of it.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

enum JSONText {
    /// Any value, read whole.
    private struct Value: Decodable {
        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if value.decodeNil() { return }
            if (try? value.decode(Bool.self)) != nil { return }
            if (try? value.decode(String.self)) != nil { return }
            if (try? value.decode(Double.self)) != nil { return }
            if (try? value.decode([Value].self)) != nil { return }
            _ = try value.decode([String: Value].self)
        }
    }

    /// Whether a text is one JSON value.
    static func isValid(_ text: String) -> Bool {
        (try? JSONDecoder().decode(Value.self, from: Data(text.utf8))) != nil
    }

    /// What is wrong with a text that must be a JSON object; nil if it is one.
    static func fault(inObject text: String) -> String? {
        guard text.drop(while: \.isWhitespace).first == "{" else { return "it is no JSON object" }
        do {
            _ = try JSONDecoder().decode([String: Value].self, from: Data(text.utf8))
            return nil
        } catch {
            return "it is not JSON"
        }
    }

    /// A text as a JSON string.
    static func quoted(_ text: String) -> String { line(text) }

    /// A value as one line of JSON, without the end of the line.
    static func line(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        // What is encoded here is texts and finite numbers.
        let data = try? encoder.encode(value)
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }
}
