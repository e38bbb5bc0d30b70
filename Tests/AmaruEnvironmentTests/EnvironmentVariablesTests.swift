// The environment variables of the process, read at once.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruEnvironment

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct EnvironmentVariablesTests {
    @Test func `They are those of the library, as they are now`() async {
        await #expect(processExitsWith: .success) {
            setenv("AMARU_EQUALS", "a=b=c", 1)
            setenv("AMARU_EMPTY", "", 1)
            let variables = EnvironmentVariables.current
            #expect(variables == ProcessInfo.processInfo.environment)
            #expect(
                variables["AMARU_EQUALS"] == "a=b=c" && variables["AMARU_EMPTY"]?.isEmpty == true
            )
            unsetenv("AMARU_EMPTY")
            #expect(EnvironmentVariables.current["AMARU_EMPTY"] == nil)
            #if canImport(Glibc)
                clearenv()
                #expect(EnvironmentVariables.current.isEmpty)
            #endif
        }
    }
}
