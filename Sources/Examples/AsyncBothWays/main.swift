// Awaits Swift in Python and Python in Swift.
// SPDX-License-Identifier: Apache-2.0

import Amaru

let host = PythonModule("host") {
    // Starts when it is called; the call gives an asyncio.Future.
    PythonFunction("measure", .positional("name")) { (name: String) async throws -> Int in
        try await Task.sleep(for: .milliseconds(name.count * 10))
        return name.count
    }
    PythonFunction("countdown", .positional("start")) { (start: Int) in
        PythonAsyncIterator(
            AsyncStream { continuation in
                for n in stride(from: start, to: 0, by: -1) { continuation.yield(n) }
                continuation.finish()
            }
        )
    }
}
try await Python.register(host)

let reports = try await Python.run(
    """
    import asyncio, host

    async def reports():
        names = ["Andes", "Pacific", "Amazon"]
        for name, size in zip(names, await asyncio.gather(*map(host.measure, names))):
            yield f"{name}: {size}"
        async for n in host.countdown(3):
            yield str(n)

    reports()
    """
)
for try await line in reports.asyncSequence(of: String.self) { print(line) }
