// Calls a Python library from Swift.
// SPDX-License-Identifier: Apache-2.0

import Amaru

let words = ["winged", "serpent", "of", "the", "Andes"]

// One hop to the Python thread, many operations there.
let (version, counted) = try await PythonActor.run {
    let collections = try Python.import("collections")
    let counter = try collections.Counter(words.joined())
    let common = try [PythonObject](counter.most_common(3))
        .map { pair in "\(try pair[0] as String)×\(try pair[1] as Int)" }
    return (try Python.import("platform").python_version() as String, common)
}
print("CPython \(version) says:", counted.joined(separator: ", "))
// CPython 3.11.2 says: e×5, n×3, d×2
