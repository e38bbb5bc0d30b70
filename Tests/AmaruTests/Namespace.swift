// SPDX-License-Identifier: Apache-2.0

import Amaru

/// Runs a source in a namespace of its own, so that tests that run at once do not share names.
@discardableResult
func runAlone(_ source: String, filename: String = "<string>") async throws -> PythonObject {
    let namespace = try await PythonActor.run { try Python.eval("{'__name__': '__main__'}") }
    return try await Python.run(source, filename: filename, globals: namespace)
}
