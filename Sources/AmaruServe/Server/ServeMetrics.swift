// What a server counts, as Prometheus reads it.
// SPDX-License-Identifier: Apache-2.0

import Amaru

/// The figures of a server.
///
/// https://prometheus.io/docs/instrumenting/exposition_formats/
package final class ServeMetrics: Sendable {
    private struct Figure {
        let name: String
        let help: String
        let nameInHealth: String?
        let value: @Sendable () -> Int
    }

    private struct State {
        /// By class of status, from 100 on.
        var requests = [Int](repeating: 0, count: 5)
        var connections = 0
        var figures: [Figure] = []
    }

    private let state = Lock(State())
    private let start = ContinuousClock.now

    package init() {}

    /// Adds a figure that is asked for when the figures are read.
    ///
    /// - `name`: A Prometheus name, such as `amaru_turns_running`; one that ends in `_total` is
    ///   a counter, any other a gauge.
    /// - `nameInHealth`: What `/health` calls it; nil if it does not show it.
    package func add(
        _ name: String,
        _ help: String,
        inHealth nameInHealth: String? = nil,
        _ value: @escaping @Sendable () -> Int
    ) {
        let figure = Figure(name: name, help: help, nameInHealth: nameInHealth, value: value)
        state.withLock { $0.figures.append(figure) }
    }

    /// What `/health` says: the server answers, and what it is made of.
    var health: JSONValue {
        let figures = state.withLock { $0.figures }
        return .object(
            [JSONMember(name: "status", value: "ok")]
                + figures.compactMap { figure in
                    figure.nameInHealth.map {
                        JSONMember(name: $0, value: .integer(figure.value()))
                    }
                }
        )
    }

    /// The connections that are open.
    var connections: Int { state.withLock { $0.connections } }

    func connectionOpened() { state.withLock { $0.connections += 1 } }

    func connectionClosed() { state.withLock { $0.connections -= 1 } }

    func answered(_ status: Int) {
        let kind = min(max(status / 100 - 1, 0), 4)
        state.withLock { $0.requests[kind] += 1 }
    }

    /// The figures in Prometheus' text format.
    var text: String {
        let (requests, connections, figures) = state.withLock {
            ($0.requests, $0.connections, $0.figures)
        }
        let uptime = start.duration(to: .now).components.seconds
        var lines = Self.head("amaru_requests_total", "counter", "Requests answered, by status.")
        for (kind, count) in requests.enumerated() {
            lines.append("amaru_requests_total{status=\"\(kind + 1)xx\"} \(count)")
        }
        lines += Self.head("amaru_connections", "gauge", "Open connections.")
        lines.append("amaru_connections \(connections)")
        lines += Self.head("amaru_uptime_seconds", "gauge", "Seconds since the start.")
        lines.append("amaru_uptime_seconds \(uptime)")
        // Outside the lock: what is asked may take locks of its own.
        for figure in figures {
            let type = figure.name.hasSuffix("_total") ? "counter" : "gauge"
            lines += Self.head(figure.name, type, figure.help)
            lines.append("\(figure.name) \(figure.value())")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func head(_ name: String, _ type: String, _ help: String) -> [String] {
        ["# HELP \(name) \(help)", "# TYPE \(name) \(type)"]
    }
}
