// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Threads outside Swift's pool, for tests.
enum Thread {
    static func detach(_ body: @escaping @Sendable () -> Void) {
        Foundation.Thread.detachNewThread(body)
    }
}
