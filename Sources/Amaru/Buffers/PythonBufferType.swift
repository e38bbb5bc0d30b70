// A number format, as both sides of a buffer know it.
// SPDX-License-Identifier: Apache-2.0

/// A number format: what kind of number, in how many bytes.
public struct PythonBufferType: Sendable, Hashable, CustomStringConvertible {
    /// What kind of number it is.
    @usableFromInline
    enum Kind: Sendable {
        case signed, unsigned, floating, boolean
    }

    @usableFromInline let kind: Kind
    /// The number of bytes of one element.
    public let size: Int

    @usableFromInline
    init(_ kind: Kind, _ size: Int) {
        self.kind = kind
        self.size = size
    }

    /// The name of the Swift type, such as `Int32` or `Double`.
    public var description: String {
        switch (kind, size) {
        case (.signed, _): "Int\(size * 8)"
        case (.unsigned, _): "UInt\(size * 8)"
        case (.floating, 8): "Double"
        case (.floating, 4): "Float"
        case (.floating, _): "Float\(size * 8)"
        case (.boolean, _): "Bool"
        }
    }

    /// The format under which it is exported: that of the module `struct` with native sizes.
    ///
    /// `q` and not `l` for 64 bits: the size of `l` depends on the platform.
    var format: StaticString {
        switch (kind, size) {
        case (.signed, 1): "b"
        case (.signed, 2): "h"
        case (.signed, 4): "i"
        case (.signed, _): "q"
        case (.unsigned, 1): "B"
        case (.unsigned, 2): "H"
        case (.unsigned, 4): "I"
        case (.unsigned, _): "Q"
        case (.floating, 2): "e"
        case (.floating, 4): "f"
        case (.floating, _): "d"
        case (.boolean, _): "?"
        }
    }
}
