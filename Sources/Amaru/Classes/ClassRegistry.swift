// The registered classes, by Swift type and by Python type.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

typealias TypePointer = UnsafeMutablePointer<PyTypeObject>

/// What a registered class consists of; it lives as long as the process.
final class ClassRecord: @unchecked Sendable {
    // Safe because all of it is set before other code can see the record; the pointers stay valid
    // for ever.
    let name: String
    /// Owned for ever.
    let type: TypePointer
    let initializer: InitializerBody?
    /// The methods by their numbers, those of the base class first.
    let methods: UnsafeMutablePointer<amaru_method>
    let methodCount: Int
    let buffer: BufferBody?
    let isHeldOnce: UniquenessTest

    /// The type as an object (borrowed).
    var object: PyPointer {
        UnsafeMutableRawPointer(type).assumingMemoryBound(to: PyObject.self)
    }

    init(
        name: String,
        type: TypePointer,
        initializer: InitializerBody?,
        methods: UnsafeMutablePointer<amaru_method>,
        methodCount: Int,
        buffer: BufferBody?,
        isHeldOnce: @escaping UniquenessTest
    ) {
        self.name = name
        self.type = type
        self.initializer = initializer
        self.methods = methods
        self.methodCount = methodCount
        self.buffer = buffer
        self.isHeldOnce = isHeldOnce
    }
}

/// The registered classes; used with the GIL held.
enum ClassRegistry {
    private static let byInstanceType = PointerTable()
    private static let byPythonType = PointerTable()

    static func add(_ record: ClassRecord, for type: any PythonClassInstance.Type) {
        let address = Unmanaged.passRetained(record).toOpaque()
        byInstanceType.set(address, for: key(type))
        byPythonType.set(address, for: UnsafeRawPointer(record.type))
    }

    /// The record of exactly this Swift class.
    static func record(of type: any PythonClassInstance.Type) -> ClassRecord? {
        record(at: byInstanceType.value(for: key(type)))
    }

    /// The record of the instance's class, or of the nearest superclass that has one.
    static func record(ofInstance instance: any PythonClassInstance) -> ClassRecord? {
        var type: AnyClass? = Swift.type(of: instance)
        while let current = type {
            if let found = byInstanceType.value(for: key(current)) { return record(at: found) }
            type = _getSuperclass(current)
        }
        return nil
    }

    /// The record of a Python class or of the nearest base that has one.
    static func record(ofType type: TypePointer?) -> ClassRecord? {
        var type = type
        while let current = type {
            if let found = byPythonType.value(for: UnsafeRawPointer(current)) {
                return record(at: found)
            }
            type = current.pointee.tp_base
        }
        return nil
    }

    static func notRegistered(_ type: any PythonClassInstance.Type) -> AmaruError {
        AmaruError(
            .classNotRegistered,
            """
            The class \(type) is not known to Python: put \(type).pythonClass into a PythonModule \
            and register that first.
            """
        )
    }

    private static func record(at address: UnsafeMutableRawPointer?) -> ClassRecord? {
        address.map { Unmanaged<ClassRecord>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func key(_ type: AnyClass) -> UnsafeRawPointer {
        // Safe because a class's metatype is one pointer, to its metadata.
        unsafeBitCast(type, to: UnsafeRawPointer.self)
    }
}
