// Codable types that the tests of coding share.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation

enum Role: String, Codable { case user, assistant }

struct Message: PythonCodable, Hashable {
    var role: Role
    var content: String
    var name: String?
}

struct Request: Codable, Hashable {
    enum CodingKeys: String, CodingKey {
        case messages, model
        case limit = "max_tokens"
    }
    var messages: [Message]
    var model: String
    var limit: Int?
}

struct Everything: Codable, Hashable {
    var flag: Bool
    var small: Int8
    var large: UInt64
    var wide: Int128
    var ratio: Double
    var single: Float
    var text: String
    var data: Data
    var date: Date
    var id: UUID
    var place: URL
    var file: URL
    var price: Decimal
    var span: Duration
    var numbers: [Int]
    var names: Set<String>
    var byNumber: [Int: String]
    var byID: [UUID: [Int]]
    var byRole: [Role: Int]
    var nothing: Int?
    var nested: [[String: Double?]]

    static let sample = Everything(
        flag: true,
        small: -5,
        large: .max,
        wide: .min,
        ratio: 0.1,
        single: 0.5,
        text: "a\0ü",
        data: Data([0, 255]),
        date: Date(timeIntervalSince1970: 1.5),
        id: UUID(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)),
        place: URL(filePath: "/", directoryHint: .notDirectory).absoluteURL,
        file: URL(filePath: "/tmp/x", directoryHint: .notDirectory),
        price: Decimal(sign: .plus, exponent: -2, significand: 1999),
        span: .milliseconds(1500),
        numbers: [1, 2],
        names: ["n"],
        byNumber: [7: "seven"],
        byID: [UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)): [1]],
        byRole: [.user: 1],
        nothing: nil,
        nested: [["x": 1.5, "y": nil]]
    )
}

enum Shape: Codable, Hashable {
    case circle(radius: Double)
    case line(Int, Int)
    case point
}

/// Numbers as the raw values of its keys: they are names all the same.
struct Numbered: Codable, Hashable {
    enum CodingKeys: Int, CodingKey { case first = 1, second = 2 }
    var first: String
    var second: String
}

class Animal: Codable {
    var name: String
    init(name: String) { self.name = name }
}

final class Dog: Animal {
    enum CodingKeys: CodingKey { case trick }
    var trick: String

    init(name: String, trick: String) {
        self.trick = trick
        super.init(name: name)
    }

    required init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        trick = try container.decode(String.self, forKey: .trick)
        try super.init(from: container.superDecoder())
    }

    override func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try super.encode(to: container.superEncoder())
        try container.encode(trick, forKey: .trick)
    }
}

/// Nested containers of each kind.
struct Flattened: Codable, Hashable {
    enum CodingKeys: CodingKey { case outer, list }
    enum InnerKeys: CodingKey { case inner }
    var inner: Int
    var pair: [Int]

    init(inner: Int, pair: [Int]) {
        (self.inner, self.pair) = (inner, pair)
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        inner = try container.nestedContainer(keyedBy: InnerKeys.self, forKey: .outer)
            .decode(Int.self, forKey: .inner)
        var list = try container.nestedUnkeyedContainer(forKey: .list)
        var nested = try list.nestedUnkeyedContainer()
        pair = []
        while !nested.isAtEnd { pair.append(try nested.decode(Int.self)) }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        var outer = container.nestedContainer(keyedBy: InnerKeys.self, forKey: .outer)
        try outer.encode(inner, forKey: .inner)
        var list = container.nestedUnkeyedContainer(forKey: .list)
        var nested = list.nestedUnkeyedContainer()
        for number in pair { try nested.encode(number) }
    }
}

struct Snake: Codable, Hashable {
    var maxTokens: Int
    var baseURL: String
    var byName: [String: Int]
}

/// A list of lists of lists.
final class Node: Codable {
    var children: [Node]

    init() { children = [] }

    init(from decoder: any Decoder) throws {
        children = try decoder.singleValueContainer().decode([Node].self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(children)
    }
}
