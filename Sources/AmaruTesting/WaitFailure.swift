// Waits that are bounded, and say what they have waited for.
// SPDX-License-Identifier: Apache-2.0

/// Says what did not come, with all that did.
package struct WaitFailure: Error, CustomStringConvertible {
    /// What was waited for, and what was written instead.
    package let description: String

    /// Creates a failure that shows the output, and the errors where they are apart.
    package init(_ what: String, output: String, errors: String = "") {
        let diagnostics = errors.isEmpty ? "" : "\n--- standard error\n\(errors)"
        description = "\(what); the output was\n\(output.debugDescription)\(diagnostics)"
    }
}

/// How long anything in a test may take; far above what it takes, for machines that are busy.
package let patience = Duration.seconds(90)

/// Runs a wait that can be cancelled; nil when it takes too long.
package func bounded<Value: Sendable>(
    by limit: Duration = patience,
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
    }
}
