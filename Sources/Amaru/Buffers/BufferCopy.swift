// Bulk copies of buffers into Swift's own collections.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension Array where Element: PythonBufferElement {
    /// Copies the elements of an object with the buffer protocol.
    ///
    /// Much faster than element by element: `try [Double](copyingBufferOf: array)` is one copy of
    /// memory. Elements in another order than one after the other, such as a column of a matrix,
    /// are gathered. All dimensions are copied, the last index running fastest; the shape is in
    /// ``PythonObject/bufferLayout()``. It runs on the Python thread.
    ///
    /// - Throws: ``PythonConversionError`` where the object has no buffer, or one whose elements
    ///   are not exactly of this type.
    @PythonActor
    @inlinable
    @inline(__always)
    public init(copyingBufferOf object: PythonObject) throws {
        try Interpreter.requireRunning()
        self = try Self.copy(of: object.pointer)
    }

    // Not isolated: the standard library's function would have the isolation of a closure checked.
    @inlinable
    @inline(__always)
    nonisolated static func copy(of object: PyPointer) throws -> [Element] {
        try BufferAccess.withStorage { storage in
            let type = Element.pythonBufferType
            guard let contents = BufferAccess.acquirePlain(object, in: storage, as: type) else {
                return try Array(gathering: object, in: storage)
            }
            defer { BufferAccess.releasePlain(storage) }
            // Twice as fast as uninitialised memory, whose storage class the standard library
            // looks up each time.
            return Array(UnsafeBufferPointer(contents.bindMemory(to: Element.self)))
        }
    }

    @inlinable
    @inline(never)
    init(gathering object: PyPointer, in storage: UnsafeMutableRawBufferPointer) throws {
        let type = Element.pythonBufferType
        let contents = try BufferAccess.acquire(object, in: storage, as: type, for: .copy)
        defer { BufferAccess.release(storage) }
        try self.init(acquired: contents.count, in: storage)
    }

    @inlinable
    @inline(never)
    init(acquired byteCount: Int, in storage: UnsafeMutableRawBufferPointer) throws {
        let count = byteCount / MemoryLayout<Element>.stride
        try self.init(unsafeUninitializedCapacity: count) { target, initialized in
            let bytes = UnsafeMutableRawBufferPointer(start: target.baseAddress, count: byteCount)
            try BufferAccess.copy(storage, to: bytes, as: Element.pythonBufferType)
            initialized = count
        }
    }
}

extension ContiguousArray where Element: PythonBufferElement {
    /// Copies the elements of an object with the buffer protocol, as
    /// ``Swift/Array/init(copyingBufferOf:)`` does.
    ///
    /// It runs on the Python thread.
    ///
    /// - Throws: ``PythonConversionError`` where the object has no buffer, or one whose elements
    ///   are not exactly of this type.
    @PythonActor
    @inlinable
    public init(copyingBufferOf object: PythonObject) throws {
        // An array of numbers hands over its memory.
        self.init(try [Element](copyingBufferOf: object))
    }
}

extension Data {
    /// Copies the memory of an object with the buffer protocol, whatever its elements are.
    ///
    /// It runs on the Python thread.
    ///
    /// - Throws: ``PythonConversionError`` where the object has no buffer.
    @PythonActor
    public init(copyingBufferOf object: PythonObject) throws {
        self = try BufferAccess.withStorage { storage in
            let contents = try object.acquireBuffer(storage, nil, .copy)
            defer { BufferAccess.release(storage) }
            var data = Data(count: contents.count)
            try data.withUnsafeMutableBytes {
                try BufferAccess.copy(storage, to: $0, as: UInt8.pythonBufferType)
            }
            return data
        }
    }
}

extension BufferAccess {
    /// Copies a buffer of one dimension; for conversions, which run on any thread with the GIL.
    ///
    /// - Returns: nil where the object has no buffer.
    static func array<Element: PythonBufferElement>(
        of type: Element.Type,
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> [Element]? {
        let object = reference.pointer
        guard PyObject_CheckBuffer(object) != 0 else { return nil }
        return try withStorage { storage in
            let contents = try acquire(object, in: storage, as: type.pythonBufferType, for: .copy)
            defer { release(storage) }
            guard view(storage).pointee.ndim == 1 else {
                throw PythonConversionError(
                    .value,
                    "expected a buffer of one dimension, found one of the shape "
                        + "\(PythonBufferLayout(view(storage)).shape)"
                )
            }
            return try Array(acquired: contents.count, in: storage)
        }
    }
}
