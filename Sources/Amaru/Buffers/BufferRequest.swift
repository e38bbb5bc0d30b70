// What a consumer of exported memory asks for, and what it is told.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The flags of a request for a buffer.
///
/// https://docs.python.org/3/c-api/buffer.html#buffer-request-types
struct BufferRequest {
    let flags: Int32

    private func asks(for flag: Int32) -> Bool { flags & flag == flag }

    /// Says why the memory cannot be had in the way that is asked for.
    func refusal(of storage: BufferStorage) -> String? {
        let header = storage.header
        if asks(for: PyBUF_WRITABLE), header.isReadOnly {
            return "the memory is read-only: Swift shares a value"
        }
        if asks(for: PyBUF_FORMAT), !asks(for: PyBUF_ND) {
            return "a format without a shape is not to be had"
        }
        // Almost always: one dimension, and the elements one after the other.
        let numbers = storage.shapeAndStrides
        if header.dimensions == 1, numbers[1] == header.type.size { return nil }
        let layout = storage.layout
        if layout.isCContiguous {
            let isRefused = asks(for: PyBUF_F_CONTIGUOUS) && !layout.isFortranContiguous
            return isRefused ? "the memory is not in Fortran's order" : nil
        }
        let wantsC = !asks(for: PyBUF_STRIDES) || asks(for: PyBUF_C_CONTIGUOUS)
        if wantsC || asks(for: PyBUF_ANY_CONTIGUOUS) && !layout.isFortranContiguous {
            return "the elements do not lie one after the other"
        }
        if asks(for: PyBUF_F_CONTIGUOUS), !layout.isFortranContiguous {
            return "the memory is not in Fortran's order"
        }
        return nil
    }

    /// Describes the memory, but for the object that owns it.
    func fill(_ view: UnsafeMutablePointer<Py_buffer>, from storage: BufferStorage) {
        let header = storage.header
        let numbers = storage.shapeAndStrides
        let hasShape = asks(for: PyBUF_ND)
        view.pointee.buf = header.base
        view.pointee.len = header.byteCount
        view.pointee.itemsize = header.type.size
        view.pointee.readonly = header.isReadOnly ? 1 : 0
        view.pointee.format =
            asks(for: PyBUF_FORMAT)
            ? UnsafeMutablePointer(mutating: header.type.format.cString) : nil
        // Without a shape the memory is a row of bytes.
        view.pointee.ndim = hasShape ? Int32(header.dimensions) : 1
        view.pointee.shape = hasShape && header.dimensions > 0 ? numbers : nil
        view.pointee.strides =
            asks(for: PyBUF_STRIDES) && header.dimensions > 0 ? numbers + header.dimensions : nil
        view.pointee.suboffsets = nil
        view.pointee.internal = nil
    }
}
