// The name that was probably meant by a mistyped one.
// SPDX-License-Identifier: Apache-2.0

enum NearMiss {
    /// The names that a word is near to, the nearest first; none if it is one of them.
    ///
    /// One typing error counts as near, in words of seven letters and more two.
    static func names(near word: String, among names: some Sequence<String>) -> [String] {
        // More is no name; comparing takes the product of the lengths.
        guard (2...100).contains(word.count) else { return [] }
        let (lower, limit) = (word.lowercased(), word.count < 7 ? 1 : 2)
        var found: [(distance: Int, name: String)] = []
        for name in names where abs(name.count - word.count) <= limit {
            if name == word { return [] }
            let distance = distance(lower, name.lowercased())
            if distance <= limit { found.append((distance, name)) }
        }
        return found.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.map(\.name)
    }

    /// Returns how many letters were left out, added, mistaken, or swapped with their neighbour.
    ///
    /// That is the [optimal string alignment
    /// distance](https://en.wikipedia.org/wiki/Damerau–Levenshtein_distance).
    static func distance(_ one: String, _ other: String) -> Int {
        let (one, other) = (Array(one), Array(other))
        if one.isEmpty || other.isEmpty { return max(one.count, other.count) }
        var rows = [Array(0...other.count)]
        for (line, letter) in one.enumerated() {
            var row = [line + 1]
            for (column, mate) in other.enumerated() {
                let replaced = rows[line][column] + (letter == mate ? 0 : 1)
                var least = min(replaced, rows[line][column + 1] + 1, row[column] + 1)
                if line > 0, column > 0, letter == other[column - 1], one[line - 1] == mate {
                    least = min(least, rows[line - 1][column - 1] + 1)
                }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[one.count][other.count]
    }
}
