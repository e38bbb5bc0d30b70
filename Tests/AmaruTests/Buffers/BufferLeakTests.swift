// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

/// Each in a process of its own: the number of blocks is that of the process.
@Suite("No way to share memory leaks", .serialized, .timeLimit(.minutes(5)))
struct BufferLeakTests {
    enum Way: String, CaseIterable, Codable, Sendable {
        case lending, refusal, copying, sharing, owning, roundTrip, dlpack
    }

    @Test("Counts and memory are the same after many rounds", arguments: Way.allCases)
    func way(_ way: Way) async {
        await #expect(processExitsWith: .success) { [way = way as Way] in
            let rounds = leakRounds(100_000)
            let fixture = try await LeakFixture()
            let subject = try await BufferSubject()
            try await subject.repeated(way, rounds / 10)
            var growth: [LeakFixture.Growth] = []
            // What caches keep after a peak grows once, what leaks grows each time.
            for _ in 0..<3 {
                let before = try await fixture.measure()
                let references = try await subject.references
                try await subject.repeated(way, rounds)
                #expect(try await subject.references == references)
                let grown = try await fixture.measure().growth(since: before)
                growth.append(grown)
                if grown.isFlat(over: rounds) { break }
            }
            #expect(growth.last?.isFlat(over: rounds) == true, "\(growth)")
            #expect(try await subject.isReleased)
        }
    }
}

/// What the ways of sharing memory are tried on.
struct BufferSubject: Sendable {
    struct Stop: Error {}

    let bytes: PythonObject
    let view: PythonObject
    let released = Counter()
    let allocated = Counter()

    init() async throws {
        bytes = try await PythonActor.run { try Python.eval("bytearray(range(64))") }
        view = try await PythonActor.run { try Python.eval("memoryview") }
    }

    var references: [Int] {
        get async throws {
            try await PythonActor.run { [bytes.referenceCount, view.referenceCount] }
        }
    }

    /// Whether nobody holds the bytes any more, and each release function has run once.
    var isReleased: Bool {
        get async throws {
            try await PythonActor.run {
                try Python.canResize(bytes) && released.value == allocated.value
            }
        }
    }

    func repeated(_ way: BufferLeakTests.Way, _ rounds: Int) async throws {
        try await PythonActor.run {
            for _ in 0..<rounds { try once(way) }
        }
    }

    @PythonActor
    private func once(_ way: BufferLeakTests.Way) throws {
        switch way {
        case .lending:
            try bytes.withMutableBuffer(of: UInt8.self) { $0[0] &+= 1 }
            _ = try bytes.withBuffer(of: UInt8.self) { $0[0] }
            _ = try bytes.withBufferBytes { $0.byteCount }
            _ = try bytes.withBufferView(of: UInt8.self) { $0[1] }
            try? bytes.withBuffer(of: UInt8.self) { _ in throw Stop() }
        case .refusal:
            try? bytes.withBuffer(of: Double.self) { _ in }
            try? view.withBuffer(of: Double.self) { _ in }
            _ = try? [Int](copyingBufferOf: bytes)
        case .copying:
            _ = try [UInt8](copyingBufferOf: bytes)
            _ = try Data(copyingBufferOf: bytes)
            _ = try ContiguousArray<UInt8>(bytes)
        case .sharing:
            try view(PythonBuffer([1.5, 2, 3]))
            try view(PythonBuffer(repeating: 0, shape: [2, 3]))
            try view(PythonBuffer(Data(repeating: 1, count: 100)))
        case .owning:
            allocated.increment()
            let memory = UnsafeMutablePointer<Int32>.allocate(capacity: 4)
            memory.initialize(repeating: 7, count: 4)
            try view(
                try PythonBuffer(unsafe: memory, shape: [4]) { [released] in
                    released.increment()
                    $0.deallocate()
                }
            )
        case .roundTrip:
            let object = try PythonObject(PythonBuffer([1.5]))
            _ = try PythonBuffer(object).withSpan(of: Double.self) { $0[0] }
            _ = try [Double](copyingBufferOf: object)
        case .dlpack:
            let object = try PythonObject(PythonBuffer([1.5]))
            _ = try PythonBuffer(dlpack: object).withSpan(of: Double.self) { $0[0] }
            _ = try? PythonBuffer(dlpack: bytes)
            _ = try? object.readAttribute("__dlpack__")() as PythonObject
        }
    }
}
