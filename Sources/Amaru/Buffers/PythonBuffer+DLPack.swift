// Memory of the libraries that speak DLPack, such as PyTorch and JAX.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

extension PythonBuffer {
    /// Shares the memory of an object that speaks DLPack, without a copy.
    ///
    /// Tensors of PyTorch and JAX have no buffer protocol; arrays of numpy have both. In the other
    /// direction `torch.from_dlpack(buffer)` takes a ``PythonBuffer`` as it takes a tensor.
    ///
    /// ```swift
    /// let weights = try PythonBuffer(dlpack: model.weight.detach())
    /// try weights.withSpan(of: Float.self) { print($0[0]) }
    /// ```
    ///
    /// The handle keeps the memory, whatever becomes of the object. It is read-only where the object
    /// says so. The protocol: <https://dmlc.github.io/dlpack/latest/python_spec.html>
    ///
    /// - Throws: ``PythonException`` where the object does not speak DLPack or lends nothing;
    ///   ``PythonConversionError`` for the memory of another device than the processor's, and for
    ///   elements that no Swift type has.
    @PythonActor
    public init(dlpack object: PythonObject) throws {
        let device: PythonObject = try object.readAttribute("__dlpack_device__")()
        let capsule = try Self.capsule(of: object)
        var isReadOnly: Int32 = 0
        guard let tensor = amaru_dl_read(capsule.pointer, &isReadOnly)?.pointee else {
            throw PythonException.taken()
        }
        guard tensor.device.type == AMARU_DL_CPU else {
            throw PythonConversionError(
                .value,
                "the memory is that of the device \(try Python.str(device)): copy it to the "
                    + "processor's first, such as with x.cpu()"
            )
        }
        let type = try Self.type(of: tensor.type)
        let dimensions = Int(tensor.dimensions)
        let shape = (0..<dimensions).map { Int(tensor.shape[$0]) }
        let strides = tensor.strides.map { strides in
            (0..<dimensions).map { Int(strides[$0]) * type.size }
        }
        let base = tensor.data.map { $0 + Int(tensor.byte_offset) }
        guard UInt(bitPattern: base) & UInt(type.size - 1) == 0 else {
            throw PythonConversionError(.value, "the memory is not aligned to its elements")
        }
        self.init(
            base,
            type,
            count: try Self.count(of: shape, elementSize: type.size),
            shape: shape,
            strides: strides,
            isReadOnly == 0 ? .readWrite : .readOnly,
            // Not renamed, as one whose tensor is taken: it gives the memory back itself, where
            // the GIL is held.
            .object(capsule)
        )
    }

    /// Asks for the form that tells what is read-only, which older libraries do not know.
    @PythonActor
    private static func capsule(of object: PythonObject) throws -> PythonObject {
        let lend = try object.readAttribute("__dlpack__")
        do {
            return try lend(max_version: PythonTuple(1, 0))
        } catch let error as PythonException where error.matches(.typeError) {
            return try lend()
        }
    }

    private static func type(of type: amaru_dl_type) throws -> PythonBufferType {
        let size = Int(type.bits) / 8
        let isWhole = type.lanes == 1 && [8, 16, 32, 64].contains(type.bits)
        switch (Int32(type.code), isWhole) {
        case (AMARU_DL_INT, true): return PythonBufferType(.signed, size)
        case (AMARU_DL_UINT, true): return PythonBufferType(.unsigned, size)
        case (AMARU_DL_FLOAT, true) where size > 1: return PythonBufferType(.floating, size)
        case (AMARU_DL_BOOL, true) where size == 1: return PythonBufferType(.boolean, 1)
        default:
            throw PythonConversionError(
                .type,
                "no Swift type has the elements of the tensor (DLPack's code \(type.code), "
                    + "\(type.bits) bits, \(type.lanes) lanes)"
            )
        }
    }
}
