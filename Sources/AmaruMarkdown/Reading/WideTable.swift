// Tables that are too wide for anybody to read.
// SPDX-License-Identifier: Apache-2.0

/// Finds the tables that are read as plain text.
///
/// cmark makes as many cells for each row as the header has, so a short text could come to millions
/// of them. The row of dashes below a header tells their number before any is made.
enum WideTable {
    /// The most columns of a table.
    private static let most = 64

    /// Where the first line begins that would make a wide table; nil if there is none.
    static func delimiterRow(in text: String) -> String.Index? {
        // A cell takes two bytes at least.
        guard text.utf8.count > 2 * most else { return nil }
        let lines = text.utf8.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        return lines.first(where: isWide)?.startIndex
    }

    private static func isWide(_ line: Substring.UTF8View) -> Bool {
        guard line.count > 2 * most else { return false }
        var (cells, isInCell) = (0, false)
        for byte in line {
            switch byte {
            case UInt8(ascii: "-"):
                if !isInCell { cells += 1 }
                isInCell = true
            case UInt8(ascii: "|"): isInCell = false
            // The table may stand in a quote or a list.
            case UInt8(ascii: ":"), UInt8(ascii: ">"), UInt8(ascii: " "), 0x09, 0x0B, 0x0C: break
            default: return false
            }
        }
        return cells > most
    }
}
