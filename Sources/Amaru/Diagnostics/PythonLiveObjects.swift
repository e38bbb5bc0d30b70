// What lives on either side for the other, by type.
// SPDX-License-Identifier: Apache-2.0

/// The objects that Swift holds of Python and Python of Swift, by the names of their types.
///
/// Two of these, taken before and after some work, tell what that work has kept:
///
/// ```swift
/// try await Python.start(PythonConfiguration(countsObjects: true))
/// try await work()
/// print(try await Python.liveObjects())
/// ```
///
/// It is a plain value, for any thread.
public struct PythonLiveObjects: Sendable, Hashable, CustomStringConvertible {
    /// The numbers of ``PythonObject`` handles, by the types of the objects they hold.
    public let handles: [String: Int]
    /// The numbers of Python objects that stand for Swift instances, by their classes.
    public let instances: [String: Int]

    /// Whether nothing lives.
    public var isEmpty: Bool { handles.isEmpty && instances.isEmpty }

    /// A line for each type, the largest number first.
    public var description: String {
        let lines =
            Self.lines(of: handles, "held by Swift")
            + Self.lines(of: instances, "of Swift, held by Python")
        return lines.isEmpty ? "no objects live" : lines.joined(separator: "\n")
    }

    private static func lines(of counts: [String: Int], _ holder: String) -> [String] {
        counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.value) \($0.key) \(holder)" }
    }
}
