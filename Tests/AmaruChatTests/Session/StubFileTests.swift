// The stub files of the host's modules say what the modules are.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import AmaruHTTP
import AmaruTesting
import Testing

@testable import AmaruChat

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite struct StubFileTests {
    @Test(arguments: ["_amaru_chat", "_amaru_http", "_amaru_packages"])
    func `A stub file is what its module's description makes`(name: String) throws {
        let configuration = try Script.configuration(of: "")
        let module =
            switch name {
            case "_amaru_chat": ChatModule.module(for: ChatSession(configuration), configuration)
            case "_amaru_http": HTTPModule(configuration.network).module
            default: Self.packages.module(base: nil)
            }
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Python")
        let file = folder.appending(path: "\(name).pyi")
        let text = "# Made from the module's description in Swift.\n" + module.stub
        if ProcessInfo.processInfo.environment["AMARU_UPDATE_STUBS"] != nil {
            try Data(text.utf8).write(to: file)
        }
        #expect(
            String(decoding: try Data(contentsOf: file), as: UTF8.self) == text,
            "Run the test again with AMARU_UPDATE_STUBS=1, and look at what changes."
        )
    }

    private static let packages = ScriptPackages(
        builder: EnvironmentBuilder(cacheFolder: URL(filePath: "/nowhere"), environment: [:]),
        progress: { _ in }
    )
}
