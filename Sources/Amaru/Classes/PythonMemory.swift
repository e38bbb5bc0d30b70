// The buffer protocol of Swift classes.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The memory that a ``PythonClass`` lends: `memoryview(a)`, `numpy.frombuffer(a)`, `bytes(a)`.
///
/// Nothing is copied: Python reads, and perhaps writes, the instance's own memory, which must stay
/// where it is for as long as a view is out; a view keeps the instance alive. So lend memory that
/// the class allocated itself, not that of an array.
///
/// ```swift
/// PythonMemory(of: Double.self) { $0.samples }  // an UnsafeMutableBufferPointer<Double>
/// ```
public struct PythonMemory<Instance: PythonClassInstance>: PythonClassMember {
    /// What the member adds to the class.
    public let definition: PythonClassDefinition

    /// Takes bytes that Python may read only.
    public init(
        _ memory: @escaping @Sendable (Instance) throws -> UnsafeRawBufferPointer,
        onRelease: @escaping @Sendable (Instance) -> Void = { _ in }
    ) {
        definition = Self.make(onRelease) {
            InstanceMemory(bytes: try memory($0), isReadOnly: true, format: "B", itemSize: 1)
        }
    }

    /// Takes elements that Python may read and write.
    ///
    /// - Parameters:
    ///   - type: The type of the elements, which Python sees in the view's format.
    ///   - memory: Gives the elements, for each new view.
    ///   - onRelease: Called when a view is given back.
    public init<Element: PythonBufferElement>(
        of type: Element.Type,
        _ memory: @escaping @Sendable (Instance) throws -> UnsafeMutableBufferPointer<Element>,
        onRelease: @escaping @Sendable (Instance) -> Void = { _ in }
    ) {
        definition = Self.make(onRelease) {
            InstanceMemory(
                bytes: UnsafeRawBufferPointer(try memory($0)),
                isReadOnly: false,
                format: Element.pythonBufferType.format,
                itemSize: MemoryLayout<Element>.stride
            )
        }
    }

    private static func make(
        _ onRelease: @escaping @Sendable (Instance) -> Void,
        _ lend: @escaping @Sendable (Instance) throws -> InstanceMemory
    ) -> PythonClassDefinition {
        let body = BufferBody(
            lend: { instance in try Instance.lend(instance, lend) },
            giveBack: { instance in Instance.lend(instance, onRelease) }
        )
        return PythonClassDefinition { _ in [.buffer(body)] }
    }
}
