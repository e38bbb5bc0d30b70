// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

/// Starts Python and puts the packages on its search path before the tests of a suite.
///
/// Where the packages cannot be had, such as without a network, the tests are skipped with the
/// reason; with `AMARU_TEST_PACKAGES=required` in the environment they fail instead.
struct PackagesTrait: SuiteTrait, TestScoping {
    @concurrent func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await Python.start(.ofThisRun)
        let packages: String
        do {
            packages = try await PackageEnvironment.packages
        } catch {
            guard ProcessInfo.processInfo.environment["AMARU_TEST_PACKAGES"] != "required" else {
                throw error
            }
            try Test.cancel("the packages are not to be had: \(error)")
        }
        try await PythonActor.run {
            let path: PythonObject = try Python.import("sys").path
            // Last, so that nothing else is found there.
            if try !Python.contains(path, packages) { try path.append(packages) }
        }
        try await function()
    }
}

extension Trait where Self == PackagesTrait {
    /// Makes numpy, pandas, pydantic and httpx2 importable before the tests of the suite.
    static var packages: Self { PackagesTrait() }
}
