// Brings a package from the index, and uses it.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment

let environment = try await PythonEnvironment(requirements: ["humanize>=4"]) { print($0) }
try await Python.start(environment.configuration)

let size = try await PythonActor.run {
    try Python.import("humanize").naturalsize(7_500_000) as String
}
print(size)
// 7.5 MB
