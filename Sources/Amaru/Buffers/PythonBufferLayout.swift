// How the elements of a buffer lie in memory, as plain values.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The description of a buffer: what its elements are, and how they lie in memory.
///
/// ```swift
/// let layout = try image.bufferLayout()
/// print(layout.shape, layout.strides, layout.format)  // [1080, 1920, 3] [5760, 3, 1] B
/// ```
///
/// The words are those of the buffer protocol:
/// https://docs.python.org/3/c-api/buffer.html#buffer-structure
public struct PythonBufferLayout: Sendable, Hashable {
    /// The format of one element, in the notation of the module `struct`.
    public let format: String
    /// The number of bytes of one element.
    public let itemSize: Int
    /// The number of elements along each dimension; empty for a single value.
    public let shape: [Int]
    /// The distance in bytes from one element to the next along each dimension; may be negative.
    public let strides: [Int]
    /// Whether the memory must not be written to.
    public let isReadOnly: Bool
    /// The Swift type of the elements, or nil where Swift has none for the format.
    public let elementType: PythonBufferType?

    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// The number of bytes of all elements, without what lies between them.
    public var byteCount: Int { count * itemSize }

    /// Whether the elements lie one after the other, the last index running fastest.
    public var isCContiguous: Bool {
        Self.isContiguous(zip(shape, strides).reversed(), itemSize)
    }

    /// Whether the elements lie one after the other, the first index running fastest.
    public var isFortranContiguous: Bool {
        Self.isContiguous(Array(zip(shape, strides)), itemSize)
    }

    private static func isContiguous(_ dimensions: [(Int, Int)], _ itemSize: Int) -> Bool {
        var expected = itemSize
        var isContiguous = true
        for (extent, stride) in dimensions {
            // Nothing lies anywhere in an empty buffer, and one element has no distance.
            if extent == 0 { return true }
            if extent != 1, stride != expected { isContiguous = false }
            expected *= extent
        }
        return isContiguous
    }

    /// The strides of elements that lie one after the other, the last index running fastest.
    static func contiguousStrides(_ shape: [Int], _ itemSize: Int) -> [Int] {
        var stride = itemSize
        return Array(
            shape.reversed().map { extent in
                defer { stride *= max(extent, 1) }
                return stride
            }.reversed()
        )
    }

    init(_ type: PythonBufferType, shape: [Int], strides: [Int], isReadOnly: Bool) {
        format = type.format.description
        itemSize = type.size
        self.shape = shape
        self.strides = strides
        self.isReadOnly = isReadOnly
        elementType = type
    }

    init(_ view: UnsafePointer<Py_buffer>) {
        let buffer = view.pointee
        let dimensions = Int(buffer.ndim)
        format = buffer.format.map { String(cString: $0) } ?? "B"
        itemSize = buffer.itemsize
        isReadOnly = buffer.readonly != 0
        if let shape = buffer.shape {
            self.shape = Array(UnsafeBufferPointer(start: shape, count: dimensions))
        } else {
            shape = dimensions == 0 ? [] : [buffer.len / max(buffer.itemsize, 1)]
        }
        if let strides = buffer.strides {
            self.strides = Array(UnsafeBufferPointer(start: strides, count: dimensions))
        } else {
            strides = Self.contiguousStrides(shape, buffer.itemsize)
        }
        let format = BufferFormat(buffer.format, itemSize: buffer.itemsize)
        elementType = format.isSwapped ? nil : format.type
    }
}
