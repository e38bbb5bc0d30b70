// The memory of a buffer, as Swift sees it.
// SPDX-License-Identifier: Apache-2.0

extension PythonBuffer {
    /// Lends the elements.
    ///
    /// It runs on the Python thread, so that Python does not write to them meanwhile.
    ///
    /// - Parameters:
    ///   - type: The type that the buffer was made with.
    ///   - body: Called once; the span cannot leave it.
    /// - Returns: What `body` returns.
    /// - Throws: ``PythonConversionError`` where the type is another one, or the elements do not
    ///   lie one after the other; what `body` throws.
    @PythonActor
    @inlinable
    public func withSpan<Element: PythonBufferElement, Result: ~Copyable>(
        of type: Element.Type = Element.self,
        _ body: (Span<Element>) throws -> Result
    ) throws -> Result {
        let contents = try contents(Element.pythonBufferType, .readOnly)
        defer { extendLifetime(self) }
        return try body(UnsafeBufferPointer(contents.assumingMemoryBound(to: Element.self)).span)
    }

    /// Lends the elements of a writable buffer, to be written in place.
    ///
    /// It runs on the Python thread, so that Python does not use them meanwhile.
    ///
    /// - Parameters:
    ///   - type: The type that the buffer was made with.
    ///   - body: Called once; the span cannot leave it.
    /// - Returns: What `body` returns.
    /// - Throws: What ``withSpan(of:_:)`` throws, and ``PythonConversionError`` for a read-only
    ///   buffer.
    @PythonActor
    @inlinable
    public func withMutableSpan<Element: PythonBufferElement, Result: ~Copyable>(
        of type: Element.Type = Element.self,
        _ body: (inout MutableSpan<Element>) throws -> Result
    ) throws -> Result {
        let contents = try contents(Element.pythonBufferType, .readWrite)
        defer { extendLifetime(self) }
        var span = contents.assumingMemoryBound(to: Element.self).mutableSpan
        return try body(&span)
    }

    @usableFromInline
    func contents(
        _ type: PythonBufferType,
        _ access: Access
    ) throws -> UnsafeMutableRawBufferPointer {
        let header = storage.header
        guard header.type == type else {
            throw PythonConversionError(
                .type,
                "expected a buffer of \(type), found one of \(header.type)"
            )
        }
        guard access == .readOnly || !header.isReadOnly else {
            throw PythonConversionError(
                .type,
                "expected a writable buffer, found a read-only one: make it with "
                    + "PythonBuffer(copying:) or PythonBuffer(repeating:shape:)"
            )
        }
        guard layout.isCContiguous else {
            throw PythonConversionError(
                .value,
                "the elements do not lie one after the other (shape \(layout.shape), strides "
                    + "\(layout.strides))"
            )
        }
        let contents = UnsafeMutableRawBufferPointer(start: header.base, count: header.byteCount)
        if type == Bool.pythonBufferType { try BufferAccess.checkBools(.init(contents)) }
        return contents
    }
}
