// The names that call sites use: one `str` for each literal, made once.
// SPDX-License-Identifier: Apache-2.0

public import CAmaru

extension StaticString {
    /// The interned `str` of the literal (borrowed, kept forever); nil leaves an exception raised.
    ///
    /// The caller holds the GIL, which guards the table.
    @inlinable
    var pythonName: PyPointer? {
        // Safe because the literal is text in the program's image: it does not move.
        if hasPointerRepresentation, let name = amaru_known_name(utf8Start) { return name }
        return CallSiteNames.make(self)
    }
}

/// The slow side of the table in the C module.
@usableFromInline
enum CallSiteNames {
    /// Names whose place in the table is crowded, by the address of their literal.
    ///
    /// Safe because it is touched with the GIL held only, and nothing in between releases it.
    private nonisolated(unsafe) static var crowded: [UnsafePointer<UInt8>: PyPointer] = [:]

    @usableFromInline
    @inline(never)
    static func make(_ literal: StaticString) -> PyPointer? {
        guard literal.hasPointerRepresentation else {
            // A single scalar, which the compiler may have stored as such.
            return literal.withUTF8Buffer(intern)
        }
        if let name = crowded[literal.utf8Start] { return name }
        let address = literal.utf8Start
        if let entry = amaru_name_probe(address), entry.pointee.literal != nil {
            return entry.pointee.name
        }
        guard let name = literal.withUTF8Buffer(intern) else { return nil }
        // Looked for again: should making the name have run other code, the place may be taken.
        guard let entry = amaru_name_probe(address) else { return keepCrowded(literal, name) }
        entry.pointee.name = name
        entry.pointee.literal = UnsafeRawPointer(address)
        return name
    }

    private static func keepCrowded(_ literal: StaticString, _ name: PyPointer) -> PyPointer {
        let kept = crowded[literal.utf8Start] ?? name
        crowded[literal.utf8Start] = kept
        if kept != name { amaru_decref(name) }
        return kept
    }

    /// Makes the interned str (new), which is never released.
    private static func intern(_ text: UnsafeBufferPointer<UInt8>) -> PyPointer? {
        var name = text.withMemoryRebound(to: CChar.self) { text in
            PyUnicode_FromStringAndSize(text.baseAddress, text.count)
        }
        if name != nil { PyUnicode_InternInPlace(&name) }
        return name
    }
}
