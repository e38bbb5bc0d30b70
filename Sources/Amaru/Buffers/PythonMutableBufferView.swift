// Elements that lie anywhere in a writable buffer, read and written by their indices.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A view on the elements of a writable buffer in any order.
///
/// ```swift
/// try matrix.withMutableBufferView(of: Double.self) { view in
///     for row in 0..<view.layout.shape[0] { view[row, 0] = 1 }
/// }
/// ```
///
/// It is lent to a closure by ``PythonObject/withMutableBufferView(of:_:)`` and cannot leave it:
/// it is borrowed and not `inout`, since two of them could change places otherwise.
public struct PythonMutableBufferView<Element: PythonBufferElement>: ~Copyable {
    @usableFromInline let base: UnsafeMutableRawPointer
    /// Shape, strides and format.
    public let layout: PythonBufferLayout

    @usableFromInline
    init(_ base: UnsafeMutableRawPointer, _ layout: PythonBufferLayout) {
        self.base = base
        self.layout = layout
    }

    /// The number of elements.
    public var count: Int { layout.count }

    /// Reads or writes an element of a buffer of one dimension.
    ///
    /// - Precondition: The index is within the shape, as for an array of Swift.
    @inlinable
    public subscript(index: Int) -> Element {
        get { Element.readPythonElement(at: base + layout.offset(of: index)) }
        nonmutating set { write(newValue, at: layout.offset(of: index)) }
    }

    /// Reads or writes an element of a buffer of two dimensions.
    ///
    /// - Precondition: Both indices are within the shape.
    @inlinable
    public subscript(row: Int, column: Int) -> Element {
        get { Element.readPythonElement(at: base + layout.offset(of: row, column)) }
        nonmutating set { write(newValue, at: layout.offset(of: row, column)) }
    }

    /// Reads or writes an element of a buffer of any number of dimensions.
    ///
    /// - Precondition: There are as many indices as dimensions, each within the shape.
    @inlinable
    public subscript(indices: [Int]) -> Element {
        get { Element.readPythonElement(at: base + layout.offset(of: indices)) }
        nonmutating set { write(newValue, at: layout.offset(of: indices)) }
    }

    /// Replaces each element by what `transform` makes of it, the last index running fastest.
    public func update(_ transform: (Element) throws -> Element) rethrows {
        try layout.forEachOffset { offset in
            write(try transform(Element.readPythonElement(at: base + offset)), at: offset)
        }
    }

    @usableFromInline
    func write(_ value: Element, at offset: Int) {
        (base + offset).storeBytes(of: value, as: Element.self)
    }
}

extension PythonObject {
    /// Lends the elements of a writable buffer in any order, without copying them.
    ///
    /// It runs on the Python thread. What the body writes is what Python sees, at once.
    ///
    /// - Parameters:
    ///   - type: The type of the elements, which must be exactly that of the buffer.
    ///   - body: Called once; the view cannot leave it.
    /// - Returns: What `body` returns.
    /// - Throws: ``PythonConversionError`` where the object has no buffer, or one of another type,
    ///   or a read-only one; what `body` throws.
    public func withMutableBufferView<Element: PythonBufferElement, Result: ~Copyable>(
        of type: Element.Type = Element.self,
        _ body: (borrowing PythonMutableBufferView<Element>) throws -> Result
    ) throws -> Result {
        try BufferAccess.withStorage { storage in
            let contents = try acquireBuffer(storage, Element.pythonBufferType, .writeStrided)
            defer { BufferAccess.release(storage) }
            let layout = PythonBufferLayout(BufferAccess.view(storage))
            let base = contents.baseAddress ?? BufferAccess.placeholder(storage)
            return try body(PythonMutableBufferView(base, layout))
        }
    }
}
