// Packages without a wheel: built here, or the build's own words say why not.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruEnvironment

@Suite(.timeLimit(.minutes(5))) struct EnvironmentBuildTests {
    private let shop: WheelShop

    init() throws { shop = try WheelShop() }

    private func failure(
        _ installer: TestedInstaller,
        _ further: [String: String] = [:]
    ) async throws -> EnvironmentError {
        let builder = shop.builder(try await shop.variables(installer, further))
        let error = await #expect(throws: EnvironmentError.self) {
            try await builder.environment(for: shop.request(["amaru-source"]))
        }
        #expect(try shop.environments().isEmpty)
        return try #require(error)
    }

    @Test(arguments: TestedInstaller.allCases)
    func `A source distribution is built`(_ installer: TestedInstaller) async throws {
        try await shop.makeSource(
            "amaru_source",
            backend: """
                import os, zipfile

                INFO = "amaru_source-1.0.dist-info"
                FILES = {
                    "amaru_source.py": "version = '1.0'\\n",
                    f"{INFO}/METADATA": "Metadata-Version: 2.1\\nName: amaru-source\\nVersion: 1.0\\n",
                    f"{INFO}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
                    f"{INFO}/RECORD": "",
                }

                def build_wheel(folder, *arguments, **options):
                    name = "amaru_source-1.0-py3-none-any.whl"
                    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
                        for path, text in FILES.items():
                            wheel.writestr(path, text)
                    return name
                """
        )
        let builder = shop.builder(try await shop.variables(installer))
        let made = try await builder.environment(for: shop.request(["amaru-source"]))
        let program = "import amaru_source; print(amaru_source.version)"
        #expect(try await shop.run(made, program) == ["1.0"])
    }

    /// Builds that fail, each in another step.
    private static let backends = [
        // Told first, and followed by a long traceback.
        """
        def build_wheel(*arguments, **options):
            print("no compiler here", flush=True)
            for number in range(30):
                print("step", number, flush=True)
            fail(40)

        def fail(depth):
            if depth:
                fail(depth - 1)
            raise RuntimeError("it failed")
        """,
        """
        def prepare_metadata_for_build_wheel(*arguments, **options):
            import sys
            sys.exit("no compiler here")

        def build_wheel(*arguments, **options):
            raise RuntimeError("never")
        """,
        """
        import os

        def prepare_metadata_for_build_wheel(folder, *arguments, **options):
            os.mkdir(f"{folder}/amaru_source-1.0.dist-info")
            with open(f"{folder}/amaru_source-1.0.dist-info/METADATA", "w") as file:
                file.write("Metadata-Version: 2.1\\nName: amaru-source\\nVersion: 1.0\\n")
            return "amaru_source-1.0.dist-info"

        def build_wheel(*arguments, **options):
            # What would be another kind of failure, if an installer said it.
            print("no module named pip: no compiler here", flush=True)
            os.kill(os.getpid(), 9)
        """,
        "import absent_compiler as no_compiler_here",
        // Much of it, and a line as long as a file.
        """
        def build_wheel(*arguments, **options):
            for number in range(2000):
                print("step", number)
            print("x" * 200_000)
            raise SystemExit("no compiler here")
        """,
    ]

    @Test(
        "What a build says that fails is in the error, with what to do",
        arguments: TestedInstaller.allCases,
        backends
    )
    func buildFails(_ installer: TestedInstaller, _ backend: String) async throws {
        try await shop.makeSource("amaru_source", backend: backend)
        let error = try await failure(installer)
        #expect(error.code == .buildFailed, "\(error)")
        let said = error.message.contains("absent_compiler")
        #expect(said || error.message.contains("no compiler here"), "\(error)")
        #expect(error.message.contains("amaru-source") || said)
        #expect(!error.message.contains("See above"))
        #expect(error.message.count < 10_000)
        // A program that is killed says nothing itself.
        if backend.contains("os.kill") {
            let end = installer == .pip ? "exited with -9" : "signal: 9"
            #expect(error.message.contains(end), "\(error)")
        }
        #expect(!error.message.contains("fail(depth"), "\(error)")
        #expect(error.remedy.contains("wheel for this Python and machine"))
    }

    @Test(arguments: TestedInstaller.allCases)
    func `What a build needs and cannot have is named`(_ installer: TestedInstaller) async throws {
        try await shop.makeSource("amaru_source", backend: "", requires: "\"absent-compiler\"")
        let missing = try await failure(installer)
        #expect(missing.code == .buildFailed)
        #expect(missing.message.contains("absent-compiler"), "\(missing)")
        #expect(missing.remedy.contains("what its build needs cannot be had"))
    }

    @Test func `The frames of tracebacks are left out, and what is around them is not`() {
        var filter = TracebackFilter()
        let lines = """
            a
              Traceback (most recent call last):
                File "x", line 1
                    ^^^
              ValueError: b
            pip.Unavailable: Traceback (most recent call last):
              File "x", line 2
            ImportError: c
              d
            """
        let kept = lines.split(separator: "\n").filter { !filter.drops($0) }
        #expect(
            kept == [
                "a", "  ValueError: b", "pip.Unavailable: Traceback (most recent call last):",
                "ImportError: c", "  d",
            ]
        )
    }
}
