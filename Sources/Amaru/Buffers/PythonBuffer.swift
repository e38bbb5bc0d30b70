// Memory of Swift, shared with Python without a copy.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// Memory that Swift owns and that Python reads, or reads and writes, in place.
///
/// In Python it is an object with the buffer protocol: `memoryview(x)`, `numpy.asarray(x)`,
/// `file.write(x)` and all that takes bytes work on the same memory, without a copy.
///
/// ```swift
/// let pixels = try PythonBuffer(repeating: UInt8(0), shape: [1080, 1920, 3])
/// try await PythonActor.run {
///     let image = try Python.import("numpy").asarray(pixels) as PythonObject
///     try image.fill(255)
///     try pixels.withSpan(of: UInt8.self) { span in print(span[0]) }
/// }
/// ```
///
/// The value is a handle: copies of it are the same memory, and the same object in Python. The
/// memory lives as long as a handle, the object, or a view of Python on it. Make one on any thread.
/// In C terms it follows https://docs.python.org/3/c-api/typeobj.html#buffer-object-structures
public struct PythonBuffer: Sendable {
    /// Whether Python may write to the memory.
    public enum Access: Sendable {
        /// Python may read only; writing raises an exception.
        case readOnly
        /// Python may read and write.
        case readWrite
    }

    /// CPython's own limit, PyBUF_MAX_NDIM.
    private static let maximumDimensions = 64

    /// Safe because everything is set before it is shared, but for the header's `object`, which is
    /// touched with the GIL held only.
    nonisolated(unsafe) let storage: BufferStorage

    /// What Python is told about the memory; on any thread.
    public var layout: PythonBufferLayout { storage.layout }

    /// One dimension, without an array for the shape.
    init(
        _ base: UnsafeMutableRawPointer?,
        _ type: PythonBufferType,
        count: Int,
        _ access: Access,
        _ owner: consuming BufferHeader.Owner
    ) {
        let header = Self.header(base, type, count: count, dimensions: 1, access, owner)
        storage = withUnsafePointer(to: count) { shape in
            BufferStorage.make(header, shape: UnsafeBufferPointer(start: shape, count: 1))
        }
    }

    init(
        _ base: UnsafeMutableRawPointer?,
        _ type: PythonBufferType,
        count: Int,
        shape: [Int],
        strides: [Int]? = nil,
        _ access: Access,
        _ owner: BufferHeader.Owner
    ) {
        let header = Self.header(base, type, count: count, dimensions: shape.count, access, owner)
        storage = shape.withUnsafeBufferPointer { shape in
            BufferStorage.make(header, shape: shape, strides: strides)
        }
    }

    private static func header(
        _ base: UnsafeMutableRawPointer?,
        _ type: PythonBufferType,
        count: Int,
        dimensions: Int,
        _ access: Access,
        _ owner: consuming BufferHeader.Owner
    ) -> BufferHeader {
        BufferHeader(
            base: base ?? nowhere,
            byteCount: count * type.size,
            type: type,
            dimensions: dimensions,
            isReadOnly: access == .readOnly,
            owner: owner
        )
    }

    /// Python wants an address, also of nothing.
    private static var nowhere: UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(mutating: ("" as StaticString).utf8Start)
    }

    init(_ storage: BufferStorage) {
        self.storage = storage
    }

    /// Throws where a shape does not hold exactly `count` elements.
    static func check(_ shape: [Int], holds count: Int) throws {
        let product = try self.count(of: shape, elementSize: 1)
        guard product == count else {
            throw PythonConversionError(
                .value,
                "the shape \(shape) holds \(product) elements, but there are \(count)"
            )
        }
    }

    /// The number of elements of a shape that memory can have.
    static func count(of shape: [Int], elementSize: Int) throws -> Int {
        var count = 1
        var isPossible = shape.count <= maximumDimensions
        for extent in shape {
            let (product, overflows) = count.multipliedReportingOverflow(by: extent)
            if extent < 0 || overflows { isPossible = false }
            count = product
        }
        guard isPossible, !count.multipliedReportingOverflow(by: elementSize).overflow else {
            throw PythonConversionError(.value, "no memory has the shape \(shape)")
        }
        return count
    }
}
