// How the tests start Python: with an allocator that AddressSanitizer sees through, if asked to.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

/// Starts Python before the tests of a suite, with the configuration of this run.
///
/// A suite without it that ran first would start Python with the defaults; the start of the next
/// suite then fails with `alreadyStarted`, so none is forgotten unnoticed.
struct PythonTrait: SuiteTrait, TestScoping {
    @concurrent func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await Python.start(.ofThisRun)
        try await function()
    }
}

extension Trait where Self == PythonTrait {
    /// Starts Python before the tests of the suite, with the configuration of this run.
    static var python: Self { PythonTrait() }
}

extension PythonConfiguration {
    /// The defaults, with the allocator that `AMARU_TEST_ALLOCATOR` names.
    static var ofThisRun: PythonConfiguration {
        switch ProcessInfo.processInfo.environment["AMARU_TEST_ALLOCATOR"] {
        case "malloc": PythonConfiguration(allocator: .malloc)
        case "debug": PythonConfiguration(allocator: .debug)
        default: PythonConfiguration()
        }
    }
}

/// Whether the program was built with AddressSanitizer.
let isAddressSanitized = dlsym(nil, "__asan_init") != nil
