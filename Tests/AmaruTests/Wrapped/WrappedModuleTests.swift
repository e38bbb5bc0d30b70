// Modules through the Swift files that `amaru wrap` wrote for them.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Synchronization
import Testing

@Suite("Wrapped modules", .python)
struct WrappedModuleTests {
    /// Puts the folder of the modules on the search path, once.
    @PythonActor
    private static let searchPath = Result {
        let folder = DocumentationPage.project.appending(path: "Tests/Python/wrapped").path
        try Python.import("sys").path.insert(0, folder)
    }

    @PythonActor
    private func survey() throws -> Survey {
        try Self.searchPath.get()
        return try Survey()
    }

    @PythonActor
    private func visits() throws -> Visits {
        try Self.searchPath.get()
        return try Visits()
    }

    @PythonActor
    private func stations() throws -> Stations {
        try Self.searchPath.get()
        return try Stations()
    }

    @Test("What a call leaves out is not passed, and what it passes has its type")
    func parameters() async throws {
        try await PythonActor.run {
            let survey = try survey()
            #expect(try survey.mean([1, 2, 6]) == 3)
            #expect(try survey.mean([1, 2], weights: [1, 3]) == 1.75)
            #expect(try survey.scaled([1, 2]) == [3, 5])
            #expect(try survey.scaled([1], factor: 3, offset: 0.5) == [3.5])
            // None, and not the default.
            #expect(try survey.scaled([1], offset: .some(nil)) == [2])
            #expect(try survey.positional(1) == 111)
            #expect(try survey.positional(1, 2) == 103)
            #expect(try survey.positional(1, 2, 3) == 6)
            #expect(try survey.total(1) == 1)
            #expect(try survey.total(1, extra: 2, args: [3, 4], sign: -1) == -10)
            #expect(try survey.total(1, kwargs: ["a": 5, "b": 6]) == 12)
            #expect(try survey.readAll(1, object: 2) == 4)
            #expect(try survey.readAll2(1, `inout`: 2, class: 3) == 6)
        }
    }

    @Test("What has no type takes and returns any object")
    func untyped() async throws {
        try await PythonActor.run {
            let survey = try survey()
            let seen = try survey.everything(args: [1, "x", PythonNone()], kwargs: ["k": 2.5])
            #expect(seen == "((1, 'x', None), {'k': 2.5})")
            #expect(try survey.untyped("a").converted() == ["a", nil] as [String?])
            #expect(try survey.untyped("a", other: 1)[1] == 1)
            #expect(try survey.missing(7, count: 2).converted() == [7, 7])
            #expect(try survey.first([PythonObject("b")]) == "b")
            #expect(try survey.anything(true).map { try Python.str($0) } == "x")
            #expect(try survey.anything(false).map { _ in 1 } == nil)
        }
    }

    @Test("Values convert in both directions")
    func values() async throws {
        try await PythonActor.run {
            let survey = try survey()
            #expect(try survey.find("a", places: ["a": 1]) == 1)
            #expect(try survey.find("b", places: ["a": 1]) == nil)
            #expect(try survey.swapped((1, "a")) == ("a", 1))
            #expect(try survey.maybeSwapped() == nil)
            let swapped = try #require(try survey.maybeSwapped((1, "a")))
            #expect(swapped == ("a", 1))
            #expect(try survey.spread([1, 2]) == "(1, 2)")
            #expect(try survey.unique(["a", "b", "a"]) == ["a", "b"])
            #expect(try survey.frozen(PythonFrozenSet([1])) == [0, 1])
            #expect(try survey.raised([1.5, 2], by: 2) == [2.25, 4])
            #expect(try survey.choose("fast", count: 2) == "fastfast")
            #expect(try survey.station(1) == 2)
            #expect(try survey.raw(Data("a".utf8), more: Data("b".utf8)) == Data("ab".utf8))
            let key = UUID()
            let when = DateComponents(year: 2024, month: 5, day: 6, hour: 7, minute: 8, second: 9)
            let moment = try survey.moment(when, wait: .seconds(2), price: 1.5, key: key)
            #expect(moment == (.seconds(4), 3, key, 2024))
            #expect(try survey.parent(URL(filePath: "/srv/a.txt")).path == "/srv")
            #expect(try survey.parse("12") == 12)
            #expect(try survey.parse(Data("1.5".utf8), encoding: "ascii") == 1.5)
        }
    }

    @Test("Closures are called, generators are stepped through")
    func calls() async throws {
        try await PythonActor.run {
            let visits = try visits()
            #expect(try visits.mapped([1, 2]) { $0 * 10 } == [10, 20])
            let told = Mutex<[String]>([])
            #expect(try visits.told(5) { text in told.withLock { $0.append(text) } })
            #expect(try !visits.told(6))
            #expect(told.withLock { $0 } == ["5"])
            let numbers: [Int] = try visits.evens(5).map { (number: Int) in number }
            #expect(numbers == [0, 2, 4])
            let inside = try Python.with(visits.opened("x")) { try Python.str($0) }
            #expect(inside == "x")
        }
    }

    @Test("Coroutines are awaited, async generators are sequences")
    func awaiting() async throws {
        let visits = try await visits()
        #expect(try await visits.fetched("a") == "A")
        #expect(try await visits.fetched("a", delay: 0) == "A")
        #expect(try await visits.paired(1) == (1, 2))
        try await visits.settled()
        #expect(try await visits.awaited(3) == 3)
        var numbers: [Int] = []
        for try await number in try await visits.ticks(3) { numbers.append(number) }
        #expect(numbers == [0, 1, 2])
    }

    @Test("Enums are members in Python, and cases in Swift")
    func enums() async throws {
        try await PythonActor.run {
            let visits = try visits()
            #expect(try visits.levelName(.low) == "LOW")
            let others = [try Visits.Level.highEnd.member]
            #expect(try visits.levelName(.default, others: others) == "DEFAULT,HIGH_END")
            #expect(try visits.nextLevel() == nil)
            #expect(try visits.nextLevel(.low) == .highEnd)
            #expect(try visits.code(.ok, others: [.ok, .worse]) == .worse)
            #expect(try visits.code(.ok, others: []) == .ok)
        }
    }

    @Test("Instances of classes keep what they are")
    func classes() async throws {
        try await PythonActor.run {
            let visits = try visits()
            let stations = try stations()
            let sample = try Stations.Sample(name: "a", tags: ["x"])
            #expect(try sample.label == "a@1.0")
            #expect(try sample.pair == ("a", 1))
            try sample.setDepth(2)
            #expect(try sample.deeper(0.5).depth == 2.5)
            try sample.setWeight(3)
            #expect(try sample.tags == ["x", "x", "x"])
            #expect(try sample.parent == nil)
            try sample.setParent(Stations.Sample.atDepth(9))
            #expect(try sample.parent?.depth == 9)
            #expect(try sample(2) == "aa")
            #expect(try Stations.Sample.unit() == "m")
            #expect(try Stations.Sample.kind == "soil")
            let renamed = try stations.renamed([sample], name: "s")
            #expect(try #require(renamed["s0"]).object.isIdentical(to: sample.object))
            #expect(try visits.moved(Visits.Point(x: 1), by: 2).x == 3)
            #expect(try Visits.Point(x: 3, y: 4).length() == 5)
            #expect(try Stations.Counter(5, step: 2).add() == 7)
            #expect(try Stations.Counter().add(3) == 3)
            #expect(try Stations.Counter().class("c") == "c")
            #expect(try stations.boxed(Stations.Box(content: 4)) == 4)
        }
        let sample = try await Stations.Sample(name: "b")
        #expect(try await sample.settle().name == "b")
    }

    @Test("An object of another class is refused where the type says what it has")
    func refused() async throws {
        try await PythonActor.run {
            let error = try #require(throws: PythonConversionError.self) {
                try Stations.Sample(PythonObject("text"))
            }
            #expect(error.reason == "expected Sample, found str, which has no attribute 'name'")
        }
    }

    @Test("A typed dict is a value")
    func dictionaries() async throws {
        try await PythonActor.run {
            let visits = try visits()
            var reading = Visits.Reading(stationId: 1, value: nil)
            #expect(try Python.repr(PythonObject(reading)) == "{'station_id': 1, 'value': None}")
            reading.tags = .some(nil)
            let noted = try visits.noted(reading)
            #expect(noted.note == "None")
            #expect(noted.tags == .some(nil))
            #expect(try visits.readings(2).map(\.stationId) == [0, 1])
            let error = try #require(throws: PythonConversionError.self) {
                try Visits.Reading(Python.eval("{'value': 1}"))
            }
            #expect(error.reason == "the key 'station_id' is missing")
        }
    }

    @Test("Constants are properties, exceptions are matched")
    func names() async throws {
        try await PythonActor.run {
            let survey = try survey()
            #expect(try survey.maxSize == 100)
            #expect(try survey.precision == 3)
            #expect(try survey.units == ["m": "metre"])
            let error = try #require(throws: PythonException.self) { try survey.failing("why") }
            #expect(error.matches(Survey.surveyError))
            #expect(error.message == "why")
        }
    }
}
