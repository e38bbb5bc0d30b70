// The table, its verdicts, and the same as JSON.
// SPDX-License-Identifier: Apache-2.0

import Foundation

struct Report {
    let rows: [Row]
    var times: [String: Figures] = [:]
    var instructions: [String: Figures] = [:]

    /// The names of the rows whose instruction count is over its limit.
    var overGate: [String] {
        rows.filter { row in
            guard let limit = row.limits.instructions,
                let ratio = instructions[row.name]?.ratio
            else { return false }
            return ratio > limit
        }.map(\.name)
    }

    var markdown: String {
        let head = [
            "| row | work | C ns | Amaru ns | ratio | allowed | | C instr. | Amaru instr. | ratio "
                + "| allowed | | spelling measured |",
            "|---|---|---:|---:|---:|---:|---|---:|---:|---:|---:|---|---|",
        ]
        return (head + rows.map(line)).joined(separator: "\n")
    }

    private func line(_ row: Row) -> String {
        let time = times[row.name]
        let count = instructions[row.name]
        let spelling: String
        switch row.bridge {
        case .measured(let text, _): spelling = "`\(text)`"
        case .missing(let reason): spelling = "not available: \(reason)"
        }
        let cells =
            [row.name, row.work] + cells(time, row.limits.time.text, timeVerdict(row))
            + cells(count, row.limits.instructions.map(short) ?? "–", countVerdict(row))
            + [spelling]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    private func cells(_ figures: Figures?, _ limit: String, _ verdict: String) -> [String] {
        guard let figures else { return ["", "", "", limit, ""] }
        return [
            short(figures.floor), figures.bridge.map(short) ?? "–",
            figures.ratio.map(short) ?? "–", limit, verdict,
        ]
    }

    private func timeVerdict(_ row: Row) -> String {
        guard let figures = times[row.name], let bridge = figures.bridge, let ratio = figures.ratio
        else { return "" }
        switch row.limits.time {
        case .ratio(let limit): return ratio <= limit ? "ok" : "OVER"
        case .nanoseconds(let limit): return bridge <= limit ? "ok" : "OVER"
        case .none: return ""
        }
    }

    private func countVerdict(_ row: Row) -> String {
        guard let limit = row.limits.instructions, let ratio = instructions[row.name]?.ratio
        else { return "" }
        return ratio <= limit ? "ok" : "OVER"
    }

    private func short(_ value: Double) -> String {
        switch abs(value) {
        case 1_000...: String(format: "%.0f", value)
        case 100..<1_000: String(format: "%.0f", value)
        case 10..<100: String(format: "%.1f", value)
        default: String(format: "%.2f", value)
        }
    }

    // MARK: JSON

    private struct Entry: Codable {
        let name: String
        let work: String
        let spelling: String?
        let allowedTime: String
        let allowedInstructions: Double?
        let nanoseconds: Figures?
        let instructions: Figures?
    }

    func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return try encoder.encode(
            rows.map { row in
                Entry(
                    name: row.name,
                    work: row.work,
                    spelling: row.bridge.spelling,
                    allowedTime: row.limits.time.text,
                    allowedInstructions: row.limits.instructions,
                    nanoseconds: times[row.name],
                    instructions: instructions[row.name]
                )
            }
        )
    }
}

extension Limits.Time {
    var text: String {
        switch self {
        case .ratio(let ratio): String(format: "%.2f", ratio)
        case .nanoseconds(let limit): String(format: "%.0f ns", limit)
        case .none: "–"
        }
    }
}
