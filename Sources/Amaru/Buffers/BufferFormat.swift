// Format strings of buffers, read as far as Swift has a type for them.
// SPDX-License-Identifier: Apache-2.0

/// What the format string of a buffer says about its elements.
///
/// https://docs.python.org/3/library/struct.html#format-characters
@usableFromInline
struct BufferFormat {
    /// The number format; nil where the elements are no single numbers.
    var type: PythonBufferType?
    /// Whether the bytes of a number are in the order that this machine does not use.
    var isSwapped = false

    /// Reads a format string.
    ///
    /// The letter tells the kind only. The size is that of the items: ctypes describes a `long` of
    /// eight bytes as `<l`, which the module `struct` would take for four.
    ///
    /// - `format`: NULL stands for `B`.
    init(_ format: UnsafePointer<CChar>?, itemSize: Int) {
        guard var letter = format else {
            type = PythonBufferType(.unsigned, itemSize)
            return
        }
        switch UInt8(bitPattern: letter.pointee) {
        case UInt8(ascii: "@"), UInt8(ascii: "="):
            letter += 1
        case UInt8(ascii: "<"):
            isSwapped = itemSize > 1 && !Self.isLittleEndian
            letter += 1
        case UInt8(ascii: ">"), UInt8(ascii: "!"):
            isSwapped = itemSize > 1 && Self.isLittleEndian
            letter += 1
        default:
            break
        }
        guard letter.pointee != 0, letter[1] == 0 else { return }
        type = Self.kind(of: letter.pointee, itemSize)
            .map { PythonBufferType($0, itemSize) }
    }

    private static var isLittleEndian: Bool { 1.littleEndian == 1 }

    /// What kind of number a letter stands for.
    @inlinable
    static func kind(of letter: CChar, _ itemSize: Int) -> PythonBufferType.Kind? {
        switch UInt8(bitPattern: letter) {
        case UInt8(ascii: "d"), UInt8(ascii: "f"), UInt8(ascii: "e"): .floating
        case UInt8(ascii: "B"), UInt8(ascii: "H"), UInt8(ascii: "I"), UInt8(ascii: "L"),
            UInt8(ascii: "Q"), UInt8(ascii: "N"):
            .unsigned
        case UInt8(ascii: "b"), UInt8(ascii: "h"), UInt8(ascii: "i"), UInt8(ascii: "l"),
            UInt8(ascii: "q"), UInt8(ascii: "n"):
            .signed
        case UInt8(ascii: "?") where itemSize == 1: .boolean
        // A byte of text, such as in a ctypes array of c_char.
        case UInt8(ascii: "c") where itemSize == 1: .unsigned
        default: nil
        }
    }
}
