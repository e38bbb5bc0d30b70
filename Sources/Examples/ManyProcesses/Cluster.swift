// A client of dask.distributed that awaits in Swift.
// SPDX-License-Identifier: Apache-2.0

import Amaru

/// A connection to a scheduler of dask.
@PythonActor
struct Cluster {
    let client: PythonObject

    /// Connects to a scheduler, or starts one with two workers, each a process of this machine.
    init(_ scheduler: String?) async throws {
        let connect = try await Python.run(
            """
            from distributed import Client

            async def connect(scheduler):
                if scheduler:
                    return await Client(scheduler, asynchronous=True)
                return await Client(
                    n_workers=2, threads_per_worker=1, dashboard_address=None, asynchronous=True
                )
            connect
            """
        )
        client = try await (connect(scheduler) as PythonObject).awaited()
    }

    /// The futures as they end, whatever their order was.
    func completed(_ futures: [PythonObject]) throws -> PythonAsyncSequence<PythonObject> {
        PythonAsyncSequence(try Python.import("distributed").as_completed(futures))
    }

    /// The results, in the order of the futures.
    func gather<Value: ConvertibleFromPython>(_ futures: [PythonObject]) async throws -> Value {
        try await (client.gather(futures) as PythonObject).awaited().converted()
    }

    /// Takes back what has not ended.
    func cancel(_ futures: [PythonObject]) async throws {
        _ = try await (client.cancel(futures) as PythonObject).awaited()
    }

    /// Leaves the scheduler, and ends the workers that were started for this connection.
    func close() async throws { _ = try await (client.close() as PythonObject).awaited() }
}
