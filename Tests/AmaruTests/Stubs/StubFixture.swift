// A module with members of each kind.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation

enum StubFixture {
    /// A type that says how it is written in Python.
    struct Point: PythonConvertible, PythonTypeHinted, Sendable {
        let x: Double
        let y: Double

        static var pythonTypeHint: String { "tuple[float, float]" }

        func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
            try PythonTuple(x, y).pythonReference(gil)
        }

        static func fromPython(
            _ reference: borrowing BorrowedReference,
            _ gil: borrowing PythonGIL
        ) throws -> Point {
            let values = try [Double].fromPython(reference, gil)
            return Point(x: values[0], y: values[1])
        }
    }

    static let module = PythonModule("shop", documentation: "A shop.") {
        PythonConstant("version", "1.0")
        PythonConstant("limits", ["x": 3])
        PythonFunction(
            "price",
            .positionalOnly("item"),
            .keyword("currency", default: "EUR"),
            .keyword("round", default: true),
            documentation: "The price of an item.\n\nTaxes are \"in\"."
        ) { (item: String, currency: String, round: Bool) in 1.5 }
        PythonFunction("fetch", .positional("url"), .positional("timeout", default: nil)) {
            (url: String, timeout: Double?) async throws -> Data in Data()
        }
        PythonFunction("log", .arguments("parts"), .keywords("fields")) {
            (parts: [String], fields: [String: Int]) in
        }
        PythonFunction("sum") { (numbers: [Int], start: Int?) in start ?? 0 }
        PythonFunction(blocking: "wait", .positional("seconds", default: 0.5)) {
            (seconds: Double) async -> PythonNone in PythonNone()
        }
        PythonFunction("place", .positional("point")) { (point: Point) in [point] }
        PythonFunction("any", .positional("x")) { (x: PythonObject) in x }
        PythonExceptionClass("SoldOut", documentation: "Nothing is left.", attributes: ["item"])
    }
}
