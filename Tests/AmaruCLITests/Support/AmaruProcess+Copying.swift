// Copies of the built command.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

extension AmaruProcess {
    /// Copies the command.
    ///
    /// Another process does: one that is started here meanwhile would else have the copy open for
    /// writing, and the system would not run it.
    static func copyCommand(to path: String) throws {
        let copy = try Process.run(URL(filePath: "/bin/cp"), arguments: [command, path])
        copy.waitUntilExit()
        try #require(copy.terminationStatus == 0)
    }
}
