// Elements that lie anywhere in a buffer, read by their indices.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A view on the elements of a buffer in any order: columns, slices, reversed and transposed.
///
/// ```swift
/// let trace = try matrix.withBufferView(of: Double.self) { view in
///     (0..<min(view.layout.shape[0], view.layout.shape[1])).reduce(0) { $0 + view[$1, $1] }
/// }
/// ```
///
/// It is lent to a closure by ``PythonObject/withBufferView(of:_:)`` and cannot leave it.
public struct PythonBufferView<Element: PythonBufferElement>: ~Copyable {
    @usableFromInline let base: UnsafeRawPointer
    /// Shape, strides and format.
    public let layout: PythonBufferLayout

    @usableFromInline
    init(_ base: UnsafeRawPointer, _ layout: PythonBufferLayout) {
        self.base = base
        self.layout = layout
    }

    /// The number of elements.
    public var count: Int { layout.count }

    /// Reads an element of a buffer of one dimension.
    ///
    /// - Precondition: The index is within the shape, as for an array of Swift.
    @inlinable
    public subscript(index: Int) -> Element {
        Element.readPythonElement(at: base + layout.offset(of: index))
    }

    /// Reads an element of a buffer of two dimensions.
    ///
    /// - Precondition: Both indices are within the shape.
    @inlinable
    public subscript(row: Int, column: Int) -> Element {
        Element.readPythonElement(at: base + layout.offset(of: row, column))
    }

    /// Reads an element of a buffer of any number of dimensions; no index for a single value.
    ///
    /// - Precondition: There are as many indices as dimensions, each within the shape.
    @inlinable
    public subscript(indices: [Int]) -> Element {
        Element.readPythonElement(at: base + layout.offset(of: indices))
    }

    /// Calls `body` with each element, the last index running fastest.
    public func forEach(_ body: (Element) throws -> Void) rethrows {
        try layout.forEachOffset { offset in
            try body(Element.readPythonElement(at: base + offset))
        }
    }
}

extension PythonObject {
    /// Lends the elements of a buffer in any order, without copying them.
    ///
    /// It runs on the Python thread. Python code that the body calls sees the same memory.
    ///
    /// - Parameters:
    ///   - type: The type of the elements, which must be exactly that of the buffer.
    ///   - body: Called once; the view cannot leave it.
    /// - Returns: What `body` returns.
    /// - Throws: ``PythonConversionError`` where the object has no buffer, or one of another type;
    ///   what `body` throws.
    public func withBufferView<Element: PythonBufferElement, Result: ~Copyable>(
        of type: Element.Type = Element.self,
        _ body: (borrowing PythonBufferView<Element>) throws -> Result
    ) throws -> Result {
        try BufferAccess.withStorage { storage in
            let contents = try acquireBuffer(storage, Element.pythonBufferType, .readStrided)
            defer { BufferAccess.release(storage) }
            let layout = PythonBufferLayout(BufferAccess.view(storage))
            // Of an empty buffer nothing is read; the address only has to be one.
            let base = contents.baseAddress ?? BufferAccess.placeholder(storage)
            return try body(PythonBufferView(base, layout))
        }
    }
}
