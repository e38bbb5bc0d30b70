// The standard streams as the program found them.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

enum StandardStreams {
    /// The standard descriptors that were closed when the program started.
    ///
    /// The first use opens them on `/dev/null`, or the next file opened would take their place.
    static let closed: Set<Int32> = {
        var closed: Set<Int32> = []
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            closed.insert(descriptor)
            // The lowest free number, which is this one.
            _ = open("/dev/null", O_RDWR)
        }
        return closed
    }()

    /// Refuses a folder as standard input, which neither the program nor CPython can read.
    ///
    /// - Throws: `ValidationError`.
    static func refuseFolder() throws {
        var status = stat()
        guard fstat(STDIN_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return }
        throw ValidationError(
            "Standard input is a folder: redirect a file, or pipe text into amaru."
        )
    }
}
