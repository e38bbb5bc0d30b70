// Memory that Swift owns and Python may see, with the shape that Python reads.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// What a ``PythonBuffer`` and its object in Python share.
struct BufferHeader {
    /// Who keeps the memory valid, and what happens to it in the end.
    enum Owner {
        /// An object that holds the memory, such as that of an array.
        case object(AnyObject)
        /// Memory that was allocated for the buffer.
        case allocation
        /// A function that is called when nobody can reach the memory any more.
        case callback(@Sendable () -> Void)
    }

    let base: UnsafeMutableRawPointer
    let byteCount: Int
    let type: PythonBufferType
    let dimensions: Int
    let isReadOnly: Bool
    let owner: Owner
    var object: PyPointer?
}

/// The header, and behind it in the same allocation shape and strides, to which Python points.
final class BufferStorage: ManagedBuffer<BufferHeader, Int> {
    deinit {
        // In place: a copy of the header would retain what it holds.
        withUnsafeMutablePointerToHeader { header in
            switch header.pointee.owner {
            case .object: break
            case .allocation: header.pointee.base.deallocate()
            case .callback(let release): release()
            }
        }
    }

    /// The object that stands for the memory in Python, while there is one; not owned.
    var object: PyPointer? {
        get { withUnsafeMutablePointerToHeader { $0.pointee.object } }
        set { withUnsafeMutablePointerToHeader { $0.pointee.object = newValue } }
    }

    static func make(
        _ header: consuming BufferHeader,
        shape: UnsafeBufferPointer<Int>,
        strides: [Int]? = nil
    ) -> BufferStorage {
        let size = header.type.size
        // Moved: a copy would retain what the header holds.
        var header = Optional(header)
        let made = create(minimumCapacity: 2 * shape.count) { _ in
            guard let header = header.take() else { preconditionFailure("called once") }
            return header
        }
        // Safe because `create` makes an object of the class that it is called on.
        let storage = unsafeDowncast(made, to: BufferStorage.self)
        storage.withUnsafeMutablePointerToElements { elements in
            var stride = size
            for dimension in shape.indices.reversed() {
                elements[dimension] = shape[dimension]
                elements[shape.count + dimension] = strides?[dimension] ?? stride
                stride *= max(shape[dimension], 1)
            }
        }
        return storage
    }

    /// Shape and strides, at an address that stays as long as the storage.
    var shapeAndStrides: UnsafeMutablePointer<Int> {
        withUnsafeMutablePointerToElements { $0 }
    }

    var layout: PythonBufferLayout {
        let count = header.dimensions
        let all = UnsafeBufferPointer(start: UnsafePointer(shapeAndStrides), count: 2 * count)
        return PythonBufferLayout(
            header.type,
            shape: Array(all.prefix(count)),
            strides: Array(all.suffix(count)),
            isReadOnly: header.isReadOnly
        )
    }
}
