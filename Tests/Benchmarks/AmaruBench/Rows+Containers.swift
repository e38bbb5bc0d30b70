// Lists and dicts, each way, and iteration.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import CFloors

extension Rows {
    static func containers(_ subject: Subject) throws -> [Row] {
        try lists(subject) + dictionaries(subject)
    }

    private static func lists(_ subject: Subject) throws -> [Row] {
        let ints: PythonObject = try subject.python.ints
        let doubles: PythonObject = try subject.python.doubles
        let strings: PythonObject = try subject.python.strings
        let integers = Array(1000..<1000 + subject.size)
        return [
            Row(
                name: "ints-from-list",
                work: "list of 1,000 int → [Int]",
                limits: .ratio(0.35, instructions: 0.45),
                floor: { floor_ints_from_list($0) },
                bridge: .measured(spelling: "try [Int](list)") { count in
                    for _ in 0..<count { keep(try [Int](ints).count) }
                },
                elements: subject.size
            ),
            Row(
                name: "doubles-from-list",
                work: "list of 1,000 float → [Double]",
                limits: .ratio(0.35, instructions: 0.45),
                floor: { floor_doubles_from_list($0) },
                bridge: .measured(spelling: "try [Double](list)") { count in
                    for _ in 0..<count { keep(try [Double](doubles).count) }
                },
                elements: subject.size
            ),
            Row(
                name: "list-from-ints",
                work: "[Int] of 1,000 → list",
                limits: .ratio(1.1, instructions: 1.1),
                floor: { floor_list_from_ints($0) },
                bridge: .measured(spelling: "try PythonObject(integers)") { count in
                    for _ in 0..<count { _ = try PythonObject(integers) }
                },
                elements: subject.size
            ),
            Row(
                name: "strings-from-list",
                work: "list of 1,000 str → [String]",
                limits: .ratio(1.8),
                floor: { floor_strings_from_list($0) },
                bridge: .measured(spelling: "try [String](list)") { count in
                    for _ in 0..<count { keep(try [String](strings).count) }
                },
                elements: subject.size
            ),
            Row(
                name: "iterate",
                work: "iterate a list of int, for each item",
                limits: .ratio(0.7),
                floor: { floor_iterate($0) },
                bridge: .measured(
                    spelling: "while let n: Int = try iterator.next() { … }"
                ) { count in
                    var sum = 0
                    for _ in 0..<count {
                        let iterator = try ints.makeIterator()
                        while let n: Int = try iterator.next() { sum &+= n }
                    }
                    keep(sum)
                },
                elements: subject.size,
                isPerElement: true
            ),
        ]
    }

    private static func dictionaries(_ subject: Subject) throws -> [Row] {
        let dict: PythonObject = try subject.python.dictionary
        var dictionary: [String: Int] = [:]
        for i in 0..<subject.size / 10 { dictionary["key\(i)"] = 1000 + i }
        let constant = dictionary
        return [
            Row(
                name: "dictionary-from-dict",
                work: "dict of 100 → [String: Int] (floor: std::unordered_map)",
                limits: .ratio(1.1, instructions: 1.1),
                floor: { floor_map_from_dict($0) },
                bridge: .measured(spelling: "try [String: Int](dict)") { count in
                    for _ in 0..<count { keep(try [String: Int](dict).count) }
                },
                elements: subject.size / 10
            ),
            Row(
                name: "dict-from-dictionary",
                work: "[String: Int] of 100 → dict (floor: std::unordered_map)",
                limits: .ratio(1.1, instructions: 1.1),
                floor: { floor_dict_from_map($0) },
                bridge: .measured(spelling: "try PythonObject(dictionary)") { count in
                    for _ in 0..<count { _ = try PythonObject(constant) }
                },
                elements: subject.size / 10
            ),
        ]
    }
}
