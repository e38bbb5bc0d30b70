// Gives a Swift class and a Swift function to Python.
// SPDX-License-Identifier: Apache-2.0

import Amaru

/// Points of a line, which Python code makes and measures.
final class Line: PythonClassInstance {
    let points: [Double]

    init(_ points: [Double]) { self.points = points }

    static let pythonClass = PythonClass(Line.self, documentation: "Points of a line.") {
        PythonInitializer { (points: [Double]) in Line(points) }
        PythonProperty("length") {
            zip($0.points, $0.points.dropFirst()).reduce(0) { $0 + abs($1.1 - $1.0) }
        }
        PythonOperator(.add) { (a, b: Line) in Line(a.points + b.points) }
        PythonItems(count: { $0.points.count }) { $0.points[$1] }
    }
}

let geometry = PythonModule("geometry", documentation: "Made in Swift.") {
    Line.pythonClass
    PythonFunction("scale", .positional("line"), .keyword("by", default: 2.0)) {
        (line: Line, factor: Double) in Line(line.points.map { $0 * factor })
    }
}
try await Python.register(geometry)

let longest = try await Python.run(
    """
    import geometry
    path = geometry.Line([0, 3, 1]) + geometry.Line([4])
    print("points:", list(path), "length:", path.length)
    geometry.scale(path, by=10)
    """
)
print("in Swift:", try await PythonActor.run { try Line(longest).points })

await Python.shutDown()  // Flushes, among others, what Python has printed.
