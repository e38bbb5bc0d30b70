// Sends the HTTP of Python's libraries through a network of the program's own.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruHTTP
import AmaruPython
import Foundation

let url = CommandLine.arguments.dropFirst().first ?? "https://example.com/"
try await Python.start(PythonConfiguration(searchPaths: [PythonResources().root.path]))
try await Python.register(HTTPModule(HTTPStack(over: SessionBackend())).module)

let status = try await PythonActor.run {
    try Python.import("amaru.network").readAttribute("install")()
    return try Python.import("urllib.request").urlopen(url).status as Int
}
print(url, "answered", status)
