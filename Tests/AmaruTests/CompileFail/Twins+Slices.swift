// What is typed first for a slice that ends before the end.
// SPDX-License-Identifier: Apache-2.0

extension Twins {
    static let slices = ["1..<-1", "one..<-one", "1...-2"].map { wrong in
        Twins(
            "slicing by \(wrong)",
            """
            @PythonActor func use(_ object: PythonObject) throws {
                let one = 1
                let inner: [Int] = try object[{{PythonSlice(from: one, to: -one)||\(wrong)}}]
                _ = (one, inner)
            }
            """,
            refused: "write `PythonSlice(from: 1, to: -1)` for `1:-1`"
        )
    }
}
