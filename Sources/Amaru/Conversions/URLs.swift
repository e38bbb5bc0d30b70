// URL ⇄ str, file URL ⇄ pathlib.Path.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension URL: PythonConvertible {
    /// Makes a `pathlib.Path` of a file URL, and a `str` of any other.
    ///
    /// - Throws: ``PythonConversionError`` where the file URL names another host.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        guard isFileURL else { return try absoluteString.pythonReference(gil) }
        let host = absoluteURL.host() ?? ""
        guard host.isEmpty || host == "localhost" else {
            throw PythonConversionError(.value, "file URL names the host \(host)")
        }
        let path = absoluteURL.path(percentEncoded: false)
        return try RuntimeValue.make(.values, "path_of", [path], gil)
    }

    /// Reads an absolute `pathlib.Path` as a file URL, and a `str` as the URL that it spells.
    ///
    /// - Throws: ``PythonConversionError``; also where the str has characters that a URL would
    ///   have to percent-encode.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> URL {
        let parts: PythonTypedTuple<String, Bool> = try RuntimeValue.read(
            .values,
            "parts_of_place",
            reference,
            gil
        )
        let (text, isPath) = parts.values
        if isPath { return URL(filePath: text, directoryHint: .notDirectory) }
        guard let url = URL(string: text, encodingInvalidCharacters: false) else {
            throw PythonConversionError(.value, "str is no URL: \(text.debugDescription)")
        }
        return url
    }
}
