// The file that conversations are kept in, and the folder around it.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A path to a database that only its user can read.
struct StoreFile {
    let path: String

    var folder: String {
        let parent = path.split(separator: "/").dropLast()
        return "/" + parent.joined(separator: "/")
    }

    var exists: Bool { access(path, F_OK) == 0 }

    /// Makes the folder and the file, if they are missing.
    ///
    /// The file is never opened here if it is there: closing it would drop the locks that SQLite
    /// holds on it in this process (https://www.sqlite.org/howtocorrupt.html).
    func make() throws(StoreError) {
        try Self.makeFolder(folder, for: path)
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) } else if errno != EEXIST { throw failure(path) }
    }

    /// Takes the folder and the file from other users.
    func restrict() {
        restrict(folder, to: 0o700)
        restrict(path, to: 0o600)
    }

    private func restrict(_ path: String, to mode: mode_t) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & 0o077 != 0 else { return }
        chmod(path, mode)
    }

    private static func makeFolder(_ folder: String, for path: String) throws(StoreError) {
        var status = stat()
        guard stat(folder, &status) != 0, folder != "/" else { return }
        let parent = "/" + folder.split(separator: "/").dropLast().joined(separator: "/")
        try makeFolder(parent, for: path)
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw StoreFile(path: path).failure(folder)
        }
    }

    private func failure(_ part: String) -> StoreError {
        let number = errno
        let detail = "\(part): \(String(cString: strerror(number)))"
        let code: StoreError.Code =
            number == ENOSPC || number == EDQUOT ? .full : .unwritable
        return StoreError(code: code, number: number, path: path, detail: detail)
    }
}
