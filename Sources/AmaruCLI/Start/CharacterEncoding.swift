// The character encoding of the process, which Python's `locale` and C extensions ask for.
// SPDX-License-Identifier: Apache-2.0

enum CharacterEncoding {
    /// Takes that of the user's locale, or UTF-8 where it has none, as `python` does.
    ///
    /// Call it while there is one thread. Children get it by a variable:
    /// https://peps.python.org/pep-0538
    static func adopt() {
        let name = setlocale(LC_CTYPE, "").map { String(cString: $0) } ?? "C"
        guard name == "C" || name == "POSIX", !isSet("LC_ALL"),
            getenv("PYTHONCOERCECLOCALE").map({ String(cString: $0) }) != "0"
        else { return }
        for target in ["C.UTF-8", "C.utf8", "UTF-8"] where setlocale(LC_CTYPE, target) != nil {
            setenv("LC_CTYPE", target, 1)
            return
        }
    }

    private static func isSet(_ variable: String) -> Bool {
        getenv(variable).map { $0.pointee != 0 } ?? false
    }
}
