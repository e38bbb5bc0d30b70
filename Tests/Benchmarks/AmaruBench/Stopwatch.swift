// Times one loop in many short windows, and keeps the shortest.
// SPDX-License-Identifier: Apache-2.0

import Amaru

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The windows of one loop.
///
/// The minimum, not the mean: on a machine that others use, everything that disturbs a window
/// makes it longer, so the shortest one is the closest to what the work costs.
@PythonActor
final class Stopwatch {
    private let loop: Loop
    private let repetitions: Int
    private(set) var windows: [Double] = []

    private static let window = 1_500_000.0

    init(_ loop: @escaping Loop, atLeast fewest: Int = 1) throws {
        self.loop = loop
        // The shortest of three: one disturbed try must not end the search too early.
        func elapsed(_ count: Int) throws -> Double {
            try (0..<3).map { _ in try Self.nanoseconds(count, loop) }.min() ?? Self.window
        }
        var count = fewest
        var time = try elapsed(count)
        while time < Self.window / 5 {
            count *= 2
            time = try elapsed(count)
        }
        repetitions = max(fewest, Int(Double(count) * Self.window / time))
    }

    /// Adds a window.
    func run() throws {
        windows.append(try Self.nanoseconds(repetitions, loop) / Double(repetitions))
    }

    /// The nanoseconds for one repetition in the shortest window.
    var best: Double { windows.min() ?? .nan }

    /// Those of the window in the middle, which tell how much the machine was disturbed.
    var median: Double {
        guard !windows.isEmpty else { return .nan }
        return windows.sorted()[windows.count / 2]
    }

    static func nanoseconds(_ count: Int, _ loop: Loop) throws -> Double {
        let start = now()
        try loop(count)
        return Double(now() - start)
    }

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
