// The memory behind an object, lent to Swift without a copy.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension PythonObject {
    /// Lends the elements of an object with the buffer protocol, without copying them.
    ///
    /// For `bytes`, `array.array`, `memoryview`, arrays of numpy and many others:
    ///
    /// ```swift
    /// let sum = try array.withBuffer(of: Double.self) { elements in
    ///     elements.indices.reduce(0) { $0 + elements[$1] }
    /// }
    /// ```
    ///
    /// An array of several dimensions gives all of its elements, the last index running fastest.
    /// The object cannot be resized while the body runs. Python code that the body calls sees and
    /// may change the same memory. It runs on the Python thread, which does nothing else meanwhile.
    ///
    /// - Parameters:
    ///   - type: The type of the elements, which must be exactly that of the buffer.
    ///   - body: Called once; the span cannot leave it.
    /// - Returns: What `body` returns.
    /// - Throws: ``PythonConversionError`` where the object has no buffer, one of another type, or
    ///   one whose elements do not lie one after the other, for which
    ///   ``withBufferView(of:_:)`` is there; what `body` throws. An empty buffer is no error.
    @inlinable
    public func withBuffer<Element: PythonBufferElement, Result: ~Copyable>(
        of type: Element.Type = Element.self,
        _ body: (Span<Element>) throws -> Result
    ) throws -> Result {
        try BufferAccess.withStorage { storage in
            let contents = try acquireBuffer(storage, Element.pythonBufferType, .read)
            defer { BufferAccess.release(storage) }
            return try body(
                UnsafeBufferPointer(contents.assumingMemoryBound(to: Element.self)).span
            )
        }
    }

    /// Lends the elements of a writable buffer, without copying them.
    ///
    /// What the body writes is what Python sees, at once:
    ///
    /// ```swift
    /// try array.withMutableBuffer(of: Float.self) { elements in
    ///     for index in elements.indices { elements[index] *= 2 }
    /// }
    /// ```
    ///
    /// It runs on the Python thread. Don't lend the same object twice at a time.
    ///
    /// - Parameters:
    ///   - type: The type of the elements, which must be exactly that of the buffer.
    ///   - body: Called once; the span cannot leave it.
    /// - Returns: What `body` returns.
    /// - Throws: What ``withBuffer(of:_:)`` throws, and ``PythonConversionError`` for a read-only
    ///   buffer such as that of `bytes`.
    @inlinable
    public func withMutableBuffer<Element: PythonBufferElement, Result: ~Copyable>(
        of type: Element.Type = Element.self,
        _ body: (inout MutableSpan<Element>) throws -> Result
    ) throws -> Result {
        try BufferAccess.withStorage { storage in
            let contents = try acquireBuffer(storage, Element.pythonBufferType, .write)
            defer { BufferAccess.release(storage) }
            var span = contents.assumingMemoryBound(to: Element.self).mutableSpan
            return try body(&span)
        }
    }

    /// Lends the memory of an object as plain bytes, whatever its elements are.
    ///
    /// It runs on the Python thread.
    ///
    /// - Throws: ``PythonConversionError`` where the object has no buffer, or one whose elements
    ///   do not lie one after the other; what `body` throws.
    @inlinable
    public func withBufferBytes<Result: ~Copyable>(
        _ body: (RawSpan) throws -> Result
    ) throws -> Result {
        try BufferAccess.withStorage { storage in
            let contents = try acquireBuffer(storage, nil, .read)
            defer { BufferAccess.release(storage) }
            return try body(UnsafeRawBufferPointer(contents).bytes)
        }
    }

    /// Lends the memory of a writable buffer as plain bytes, whatever its elements are.
    ///
    /// It runs on the Python thread.
    ///
    /// - Throws: What ``withBufferBytes(_:)`` throws, and ``PythonConversionError`` for a
    ///   read-only buffer.
    @inlinable
    public func withMutableBufferBytes<Result: ~Copyable>(
        _ body: (inout MutableRawSpan) throws -> Result
    ) throws -> Result {
        try BufferAccess.withStorage { storage in
            let contents = try acquireBuffer(storage, nil, .write)
            defer { BufferAccess.release(storage) }
            var bytes = contents.mutableBytes
            return try body(&bytes)
        }
    }

    /// Reads how the buffer of an object lies in memory, without touching its elements.
    ///
    /// It runs on the Python thread.
    ///
    /// - Throws: ``PythonConversionError`` where the object has no buffer.
    public func bufferLayout() throws -> PythonBufferLayout {
        try BufferAccess.withStorage { storage in
            _ = try acquireBuffer(storage, nil, .copy)
            defer { BufferAccess.release(storage) }
            return PythonBufferLayout(BufferAccess.view(storage))
        }
    }

    @usableFromInline
    func acquireBuffer(
        _ storage: UnsafeMutableRawBufferPointer,
        _ type: PythonBufferType?,
        _ purpose: BufferAccess.Purpose
    ) throws -> UnsafeMutableRawBufferPointer {
        try Interpreter.requireRunning()
        return try BufferAccess.acquire(pointer, in: storage, as: type, for: purpose)
    }
}
