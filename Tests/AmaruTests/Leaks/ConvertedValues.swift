// The conversions whose leaks are looked for, each to be repeated.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation

enum ConvertedValues: String, CaseIterable, Codable, Sendable {
    case dates, durations, zones, components, decimals, identifiers, places
    case sets, tuples, slices, wideIntegers, characters
    case refused, encoded, decoded, decodedAttributes, refusedDecoding, refusedEncoding

    @PythonActor
    func repeated(_ rounds: Int, _ fixture: LeakFixture) throws {
        let sentinel = fixture.sentinel
        try sentinel.setAttribute("name", to: "Rex")
        try sentinel.setAttribute("trick", to: "sit")
        for _ in 0..<rounds { try once(sentinel) }
    }

    @PythonActor
    private func once(_ sentinel: PythonObject) throws {
        switch self {
        case .dates: try cross(Date(timeIntervalSince1970: 1.5))
        case .durations: try cross(Duration.milliseconds(1500))
        case .zones: try cross([TimeZone.gmt, TimeZone(identifier: "Europe/Berlin")])
        case .components: try cross(DateComponents(year: 2024, month: 2, day: 29, hour: 1))
        case .decimals: try cross(Decimal(sign: .minus, exponent: -2, significand: 12345))
        case .identifiers: try cross(UUID())
        case .places: try cross([URL(filePath: "/tmp/x", directoryHint: .notDirectory)])
        case .sets: try cross([PythonFrozenSet([1000, 2000]), PythonFrozenSet([3000])] as Set)
        case .tuples: try cross(PythonTypedTuple(sentinel, 1000, "text"))
        case .slices:
            try cross(1000..<2000)
            try cross(PythonRange(from: 1000, to: 2000, step: 3))
        case .wideIntegers:
            try cross(Int128.max)
            try cross(PythonInteger(magnitude: [1, 2, 3]))
        case .characters: try cross("ü" as Character)
        case .refused:
            _ = try? PythonObject(Decimal.nan)
            _ = try? sentinel.converted(to: Date.self)
            _ = try? sentinel.converted(to: PythonTypedTuple<Int, Int>.self)
            _ = try? PythonObject([sentinel]).converted(to: Set<Int>.self)
            _ = try? PythonObject([[1000]] as Set)
            _ = try? PythonObject(PythonTypedTuple(sentinel, sentinel))
                .converted(to: PythonTypedTuple<PythonObject, Int>.self)
        case .encoded: _ = try Python.encode([Dog(name: "Rex", trick: "sit")])
        case .decoded:
            let object = try Python.encode(Everything.sample)
            _ = try Python.decode(Everything.self, from: object)
        case .decodedAttributes:
            _ = try Python.decode(Animal.self, from: sentinel)
        case .refusedDecoding:
            _ = try? Python.decode(Dog.self, from: sentinel)
            _ = try? Python.decode([Message].self, from: PythonObject([sentinel, sentinel]))
        case .refusedEncoding:
            _ = try? Python.encode([Date(timeIntervalSince1970: 1e300)])
            _ = try? Python.encode([[1]: 2])
        }
    }

    @PythonActor
    private func cross<Value: PythonConvertible>(_ value: Value) throws {
        _ = try PythonObject(value).converted(to: Value.self)
    }
}
