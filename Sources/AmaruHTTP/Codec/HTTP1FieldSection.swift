// The fields of a head or of trailers, line by line.
// SPDX-License-Identifier: Apache-2.0

/// Header fields that are being read.
///
/// It reads what http.client and h11 read between them, as far as that is safe:
/// - A folded value is joined by a space: https://www.rfc-editor.org/rfc/rfc9112#section-5.2
/// - Blanks before the colon are dropped: https://www.rfc-editor.org/rfc/rfc9112#section-5.1
/// - Control characters stay in a value, except for NUL and CR, which are refused:
///   https://www.rfc-editor.org/rfc/rfc9110#section-5.5
/// - A line that is no field is left out, with the folded lines that continue it, as RFC 9112 has it
///   for a folded line before the first field: https://www.rfc-editor.org/rfc/rfc9112#section-2.2
///   http.client leaves out all that follows, which may include the length of the body.
///
/// Another parser on the way may have understood such lines differently, so the connection ends.
struct HTTP1FieldSection {
    private(set) var fields: [HTTPHeaderField] = []
    /// Whether another parser might have understood the fields differently.
    private(set) var isAmbiguous = false
    private var isLastLineField = false
    private var size = 0

    /// Adds a line, without its end.
    mutating func add(_ line: UnsafeRawBufferPointer, limit: Int) throws(HTTP1Fault) {
        size += line.count + 1
        guard size <= limit else { throw .fieldsTooLarge(limit: limit) }
        guard line.offset(of: HTTP1Syntax.nul) == nil,
            line.offset(of: HTTP1Syntax.carriageReturn) == nil
        else { throw .controlCharacter }
        if let first = line.first, HTTP1Syntax.isBlank(first) {
            fold(line[...].trimmed(of: HTTP1Syntax.isBlank))
        } else {
            addField(line)
        }
    }

    private mutating func addField(_ line: UnsafeRawBufferPointer) {
        let colon = line.offset(of: UInt8(ascii: ":")) ?? 0
        let name = line[..<colon].trimmed(of: HTTP1Syntax.isBlank)
        isLastLineField = !name.isEmpty && name.allSatisfy(HTTP1Syntax.isVisible)
        if !isLastLineField || name.endIndex < colon { isAmbiguous = true }
        guard isLastLineField else { return }
        let value = line[(colon + 1)...].trimmed(of: HTTP1Syntax.isBlank)
        fields.append(
            HTTPHeaderField(String(decoding: name, as: UTF8.self), bytes: Array(value))
        )
    }

    private mutating func fold(_ continuation: Slice<UnsafeRawBufferPointer>) {
        guard isLastLineField, let last = fields.indices.last else { return isAmbiguous = true }
        guard !continuation.isEmpty else { return }
        if !fields[last].bytes.isEmpty { fields[last].bytes.append(0x20) }
        fields[last].bytes.append(contentsOf: continuation)
    }
}
