// Ranges whose bounds count from the end of a list, as slices do.
// SPDX-License-Identifier: Apache-2.0

// Without these, the compiler takes what is typed first for `x[1:-1]`, `x[:-1]` and `x[-3:]` for
// unknown operators. The first one cannot be a range of Swift: it would end before it starts.

infix operator ..<- : RangeFormationPrecedence
infix operator ...- : RangeFormationPrecedence
prefix operator ..<-
prefix operator ...-

extension Int {
    /// Unavailable: a range cannot end before it starts, as a slice can.
    @available(*, unavailable, message: "write `PythonSlice(from: 1, to: -1)` for `1:-1`")
    public static func ..<- (start: Int, distance: Int) -> PythonSlice {
        PythonSlice(from: start, to: -distance)
    }

    /// Unavailable: a range cannot end before it starts, as a slice can.
    @available(*, unavailable, message: "write `PythonSlice(from: 1, to: -1)` for `1:-1`")
    public static func ...- (start: Int, distance: Int) -> PythonSlice {
        PythonSlice(from: start, to: -distance)
    }

    /// Creates the slice that leaves out the last elements: `x[..<-2]` is `x[:-2]`.
    public static prefix func ..<- (distance: Int) -> PartialRangeUpTo<Int> { ..<(-distance) }

    /// Creates the slice through the element so far from the end: `x[...-2]` is `x[:-1]`.
    public static prefix func ...- (distance: Int) -> PartialRangeThrough<Int> { ...(-distance) }
}

extension PartialRangeFrom where Bound == Int {
    /// Creates the slice of the last elements: `x[-3...]` is `x[-3:]`.
    public static prefix func - (range: Self) -> Self { (-range.lowerBound)... }
}
