// The program of the page "A program moved from PythonKit", as it stands there.
// SPDX-License-Identifier: Apache-2.0

import Amaru

struct Sale {
    let day: PythonObject
    let shop: String
    let amount: Double
}

@PythonActor
func read(_ text: String) throws -> [Sale] {
    let csv = try Python.import("csv")
    let io = try Python.import("io")
    let date: PythonObject = try Python.import("datetime").date
    var sales: [Sale] = []
    let rows = try csv.DictReader(io.StringIO(text)).makeIterator()
    while let row = try rows.next() {
        guard let amount = Double(try row["amount"] as String) else {
            print("skipped: \(row)")
            continue
        }
        let day: PythonObject = try date.fromisoformat(row["day"])
        sales.append(Sale(day: day, shop: try row["shop"], amount: amount))
    }
    return sales
}

@PythonActor
func summary(_ sales: [Sale]) throws -> PythonObject {
    let statistics = try Python.import("statistics")
    let collections = try Python.import("collections")
    let amounts = sales.map(\.amount)
    let days = sales.map(\.day)
    let totals = Dictionary(sales.map { ($0.shop, $0.amount) }, uniquingKeysWith: +)
    let ranking = totals.keys.sorted { totals[$0, default: 0] > totals[$1, default: 0] }
    let names = try collections.Counter(days.map { try $0.strftime("%A") as String })
    let span = try Python.builtin("max")(days) - Python.builtin("min")(days)
    return try Python.dict([
        "mean": statistics.mean(amounts) as Double,
        "spread": Python.builtin("round")(statistics.pstdev(amounts), 2) as Double,
        "days": span.days + 1,
        "ranking": ranking,
        "weekdays": Python.builtin("dict")(names.most_common(2)),
    ])
}

func movedProgram() async throws {
    let text = """
        day,shop,amount
        2026-03-02,Lima,120.5
        2026-03-03,Cusco,80
        2026-03-04,Lima,unknown
        2026-03-09,Cusco,99.5
        """
    try await PythonActor.run {
        let json = try Python.import("json")
        let result = try summary(read(text))
        print(try json.dumps(result, indent: 2, sort_keys: true))
        do {
            try json.loads("{")
        } catch let error as PythonException {
            print("refused: \(error.message)")
        }
    }
}
