// The texts of an exception object: message, notes, traceback.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// Texts that are read off an exception object, with the GIL held; none of them fails.
enum ExceptionText {
    /// What `str()` gives.
    static func message(of exception: PyPointer, _ gil: borrowing PythonGIL) -> String {
        guard let text = PyObject_Str(exception) else {  // new
            PyErr_Clear()
            return "<no text: str() raised>"
        }
        let owned = OwnedReference(new: text)
        return string(owned.pointer, gil)
    }

    /// The strings that `add_note` has put into the dictionary (borrowed) of the exception.
    static func notes(in dictionary: PyPointer, _ gil: borrowing PythonGIL) -> [String] {
        let name: StaticString = "__notes__"
        guard let name = name.pythonName,
            let found = PyDict_GetItemWithError(dictionary, name),  // borrowed
            let list = PySequence_Fast(found, "")  // new
        else {
            PyErr_Clear()
            return []
        }
        let owned = OwnedReference(new: list)
        var notes: [String] = []
        // Asked for each time: what runs in between may change a list.
        while let note = PySequence_GetItem(owned.pointer, notes.count) {  // new
            let note = OwnedReference(new: note)
            notes.append(message(of: note.pointer, gil))
        }
        PyErr_Clear()
        return notes
    }

    /// What Python prints, without the bridge's own frames; nil where that fails.
    static func traceback(of exception: PyPointer) -> String? {
        // Not a handle of the record: this one goes with the call.
        let object = PythonObject(OwnedReference(borrowed: exception))
        let gil = PythonGIL()
        guard let text = Runtime.attempt(.errors, "format_exception", object, gil) else {
            return nil
        }
        return string(text.pointer, gil)
    }

    /// A `str` with escapes for what UTF-8 cannot say.
    private static func string(_ text: PyPointer, _ gil: borrowing PythonGIL) -> String {
        if let string = try? String.fromPython(BorrowedReference(text), gil) { return string }
        // New.
        guard let bytes = PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace") else {
            PyErr_Clear()
            return "<no text>"
        }
        let owned = OwnedReference(new: bytes)
        return PyBytes_AsString(owned.pointer).map { String(cString: $0) } ?? "<no text>"
    }
}

extension ExceptionRecord {
    /// The traceback from what was captured: Python's form, without source lines.
    func plainText() -> String {
        var text = ""
        if let cause {
            let relation =
                isCauseExplicit
                ? "The above exception was the direct cause of the following exception:"
                : "During handling of the above exception, another exception occurred:"
            text += "\(cause.plainText())\n\(relation)\n\n"
        }
        let frames = frames
        if !frames.isEmpty { text += "Traceback (most recent call last):\n" }
        text += Self.lines(of: frames)
        let name = type.names.first ?? "BaseException"
        text += message.isEmpty ? "\(name)\n" : "\(name): \(message)\n"
        for note in notes { text += "\(note)\n" }
        for (index, member) in members.enumerated() {
            text += "  +---------------- \(index + 1) ----------------\n"
            let lines = member.plainText().split(separator: "\n", omittingEmptySubsequences: false)
            text += lines.dropLast().map { "  | \($0)\n" }.joined()
        }
        return text
    }

    /// At most three times the same line, as Python does it.
    private static func lines(of frames: [PythonException.Frame]) -> String {
        var text = ""
        var index = 0
        while index < frames.count {
            let frame = frames[index]
            let end = frames[index...].firstIndex { $0 != frame } ?? frames.count
            let line = "  File \"\(frame.file)\", line \(frame.line), in \(frame.function)\n"
            text += String(repeating: line, count: min(end - index, 3))
            let more = end - index - 3
            if more > 0 {
                text += "  [Previous line repeated \(more) more time\(more == 1 ? "" : "s")]\n"
            }
            index = end
        }
        return text
    }
}
