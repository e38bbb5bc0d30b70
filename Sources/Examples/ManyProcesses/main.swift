// Runs Python in other processes, or on other machines, by dask.distributed.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment

// The address of a scheduler, such as tcp://10.0.0.1:8786; without one, two processes here.
let scheduler = CommandLine.arguments.dropFirst().first
let environment = try await PythonEnvironment(requirements: ["distributed"]) { print($0) }
try await Python.start(environment.configuration)
do {
    try await compute(on: scheduler)
} catch let exception as PythonException {
    print(exception.traceback)
}
await Python.shutDown()

@PythonActor
func compute(on scheduler: String?) async throws {
    let cluster = try await Cluster(scheduler)

    // What the last expression is: a function that travels to the workers by its source.
    let steps = try await Python.run(
        """
        def steps(n):
            count = 0
            while n != 1:
                n, count = n // 2 if n % 2 == 0 else 3 * n + 1, count + 1
            return count
        steps
        """
    )
    let futures: [PythonObject] = try cluster.client.map(steps, Array(1...20))
    var done = 0
    for try await _ in try cluster.completed(futures) {
        done += 1
        if done.isMultiple(of: 10) { print("\(done) of \(futures.count)") }
    }
    let counts: [Int] = try await cluster.gather(futures)
    print("most steps:", counts.max() ?? 0)

    let long: PythonObject = try cluster.client.submit(Python.import("time").sleep, 1)
    try await cluster.cancel([long])
    print("cancelled:", try long.cancelled() as Bool)
    try await cluster.close()
}
