// Where an element lies, by its indices.
// SPDX-License-Identifier: Apache-2.0

extension PythonBufferLayout {
    /// The distance in bytes of an element of one dimension from the first one.
    @inlinable
    func offset(of index: Int) -> Int {
        requireDimensions(1)
        return step(0, index)
    }

    /// The distance in bytes of an element of two dimensions from the first one.
    @inlinable
    func offset(of row: Int, _ column: Int) -> Int {
        requireDimensions(2)
        return step(0, row) + step(1, column)
    }

    /// The distance in bytes of an element from the first one.
    @inlinable
    func offset(of indices: [Int]) -> Int {
        requireDimensions(indices.count)
        return indices.enumerated().reduce(0) { $0 + step($1.offset, $1.element) }
    }

    @inlinable
    func requireDimensions(_ count: Int) {
        precondition(
            shape.count == count,
            "A buffer of \(shape.count) dimensions was read with \(count) indices."
        )
    }

    @inlinable
    func step(_ dimension: Int, _ index: Int) -> Int {
        let extent = shape[dimension]
        precondition(
            index >= 0 && index < extent,
            "Index \(index) is not within 0..<\(extent) of dimension \(dimension)."
        )
        return index * strides[dimension]
    }

    /// Calls `body` with the offset of each element, the last index running fastest.
    func forEachOffset(_ body: (Int) throws -> Void) rethrows {
        try forEachOffset(from: 0, dimension: 0, body)
    }

    private func forEachOffset(
        from offset: Int,
        dimension: Int,
        _ body: (Int) throws -> Void
    ) rethrows {
        guard dimension < shape.count else { return try body(offset) }
        for index in 0..<shape[dimension] {
            let next = offset + index * strides[dimension]
            try forEachOffset(from: next, dimension: dimension + 1, body)
        }
    }
}
