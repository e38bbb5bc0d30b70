// The character encoding of the process, which Python's `locale` and C extensions ask for.
// SPDX-License-Identifier: Apache-2.0

enum CharacterEncoding {
    /// Takes the user's encoding, or UTF-8 if the locale has none; while there is one thread.
    static func adopt() { _ = isCoerced }

    /// Whether the user's locale has none, and UTF-8 is taken, as `python` does.
    ///
    /// Children get it by a variable: https://peps.python.org/pep-0538
    private static let isCoerced: Bool = {
        let name = setlocale(LC_CTYPE, "").map { String(cString: $0) } ?? "C"
        guard name == "C" || name == "POSIX", !isSet("LC_ALL"),
            getenv("PYTHONCOERCECLOCALE").map({ String(cString: $0) }) != "0"
        else { return false }
        for target in ["C.UTF-8", "C.utf8", "UTF-8"] where setlocale(LC_CTYPE, target) != nil {
            setenv("LC_CTYPE", target, 1)
            return true
        }
        return false
    }()

    /// Whether `python` would find no encoding, and so be in its UTF-8 mode.
    ///
    /// The variable of that mode has the last word: https://peps.python.org/pep-0540
    static var hasUTF8Mode: Bool { isCoerced && !isSet("PYTHONUTF8") }

    private static func isSet(_ variable: String) -> Bool {
        getenv(variable).map { $0.pointee != 0 } ?? false
    }
}
