// The lines that were entered, on disk.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A file of lines that several processes may add to at once.
///
/// One entry a row, in which `\n` stands for a newline and `\\` for a backslash. Only the user can
/// read it.
struct HistoryFile: Sendable {
    /// The longest entry that is kept, in bytes, and the rows that are read.
    static let bound = (entry: 64 * 1024, rows: LineHistory.bound.lines)

    let path: String
    /// The bytes from which on the file is made shorter, to half of them.
    var size = 1 << 20

    /// The last entries, oldest first; a file that is missing has none.
    ///
    /// - Throws: `PosixError` if the file cannot be read.
    func load() throws -> [String] {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw PosixError("read \(path)")
        }
        defer { close(file) }
        return try rows(of: file).suffix(Self.bound.rows).map(Self.entry)
    }

    /// Adds an entry.
    ///
    /// - Throws: `PosixError` if the file cannot be written, or another process holds it too long.
    func append(_ line: String) throws {
        guard line.utf8.count <= Self.bound.entry else { return }
        let file = try openLocked()
        defer { close(file) }
        let end = lseek(file, 0, SEEK_END)
        // A process that was killed may have left a row without its end.
        var last: UInt8 = 0x0A
        if end > 0, pread(file, &last, 1, end - 1) != 1 { throw PosixError("read \(path)") }
        do {
            let row = (last == 0x0A ? "" : "\n") + Self.row(line) + "\n"
            try PosixCall.writeAll(row, to: file)
        } catch {
            // Of a full disk's part of a row nothing is to be left.
            _ = ftruncate(file, end)
            throw error
        }
        if end > size { try? shorten(file) }
    }

    // MARK: Rows

    private static func row(_ entry: String) -> String {
        let bytes = entry.utf8.flatMap { byte -> [UInt8] in
            switch byte {
            case 0x0A: Array("\\n".utf8)
            case UInt8(ascii: "\\"): Array("\\\\".utf8)
            default: [byte]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func entry(_ row: some Sequence<UInt8>) -> String {
        var bytes: [UInt8] = []
        var isEscaped = false
        for byte in row {
            switch (isEscaped, byte) {
            case (false, UInt8(ascii: "\\")):
                isEscaped = true
                continue
            case (true, UInt8(ascii: "n")): bytes.append(0x0A)
            default: bytes.append(byte)
            }
            isEscaped = false
        }
        // Others may have written it.
        return EscapeFilter.clean(String(decoding: bytes, as: UTF8.self))
    }

    /// The rows of the last part of the file.
    private func rows(of file: Int32) throws -> [ArraySlice<UInt8>] {
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw PosixError("read \(path)", code: EINVAL)
        }
        // What one process could add while another makes the file shorter.
        let most = off_t(size * 2)
        let start = max(0, status.st_size - most)
        guard lseek(file, start, SEEK_SET) >= 0 else { throw PosixError("read \(path)") }
        let bytes = try PosixCall.readAll(file, atMost: Int(most))
        let rows = bytes.split(separator: 0x0A)
        // The first one may have lost its start.
        return start > 0 ? Array(rows.dropFirst()) : rows
    }

    /// Leaves the last rows only; the caller holds the lock.
    private func shorten(_ file: Int32) throws {
        let rows = try rows(of: file).suffix(Self.bound.rows)
        var kept: [UInt8] = []
        for row in rows.reversed() {
            guard kept.count + row.count < size / 2 else { break }
            kept += Array(row.reversed()) + [0x0A]
        }
        // Built from its end, so turned around, and the first newline is the last byte.
        kept = kept.isEmpty ? [] : Array(kept.reversed().dropFirst()) + [0x0A]
        let new = path + ".new"
        unlink(new)
        let other = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard other >= 0 else { throw PosixError("create \(new)") }
        defer { close(other) }
        do {
            try kept.withUnsafeBytes { try PosixCall.writeAll($0, to: other) }
            guard rename(new, path) == 0 else { throw PosixError("replace \(path)") }
        } catch {
            unlink(new)
            throw error
        }
    }

    // MARK: The lock

    /// Opens the file for adding to it, alone, and for the user alone.
    private func openLocked() throws -> Int32 {
        // Another process holds the lock for the time of a write; one that is stopped, for longer.
        for _ in 0..<2000 {
            let file = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o600)
            guard file >= 0 else { throw PosixError("write \(path)") }
            if flock(file, LOCK_EX | LOCK_NB) == 0 {
                var (opened, named) = (stat(), stat())
                if fstat(file, &opened) == 0, opened.st_mode & S_IFMT != S_IFREG {
                    close(file)
                    throw PosixError("write \(path)", code: EINVAL)
                }
                // It may have been replaced by a shorter one since it was opened.
                if stat(path, &named) == 0, opened.st_ino == named.st_ino {
                    if opened.st_mode & 0o077 != 0 { fchmod(file, 0o600) }
                    return file
                }
            }
            close(file)
            usleep(1000)
        }
        throw PosixError("write \(path), which another process holds", code: EBUSY)
    }
}
