// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Contents of modules made in Swift", .python)
struct ModuleContentTests {
    private static func module(_ name: String, extras: [Int], isLoud: Bool?) -> PythonModule {
        PythonModule(name) {
            PythonConstant("version", "1.0")
            PythonConstant("nothing", Int?.none)
            for number in extras {
                PythonFunction("f\(number)") { () in number }
                PythonConstant("c\(number)", [number])
            }
            if let isLoud {
                if isLoud {
                    PythonConstant("voice", "loud")
                } else {
                    PythonConstant("voice", "soft")
                }
            }
            switch extras.count {
            case 0: PythonConstant("extras", "none")
            default: listed(extras.count)
            }
        }
    }

    private static func listed(_ count: Int) -> [any PythonModule.Member] {
        [PythonConstant("extras", "some"), PythonConstant("count", count)]
    }

    @Test("Constants, if, switch, for and lists of members all take part")
    func contents() async throws {
        try await Python.register(Self.module("content_full", extras: [1, 2], isLoud: false))
        try await Python.register(Self.module("content_empty", extras: [], isLoud: nil))
        let value = try await runAlone(
            """
            import content_full as a, content_empty as b
            def names(m): return sorted(n for n in vars(m) if not n.startswith('__'))
            [names(a), a.version, a.nothing, a.f2(), a.c1, a.voice, a.extras, a.count,
             names(b), b.extras]
            """
        )
        #expect(
            try await PythonActor.run { try Python.repr(value) } == """
                [['c1', 'c2', 'count', 'extras', 'f1', 'f2', 'nothing', 'version', 'voice'], \
                '1.0', None, 2, [1], 'soft', 'some', 2, ['extras', 'nothing', 'version'], 'none']
                """
        )
    }

    @Test("A type of one's own can stand for a member")
    func ownMember() async throws {
        struct Doubling: PythonModule.Member {
            let name: String
            var definition: PythonModuleDefinition {
                PythonFunction(name) { (x: Int) in 2 * x }.definition
            }
        }
        try await Python.register(PythonModule("own_member") { Doubling(name: "twice") })
        let value = try await runAlone("import own_member\nown_member.twice(4)")
        #expect(try await PythonActor.run { try Int(value) } == 8)
    }

    @Test("Two members of one name, and a module without a name, are refused")
    func refused() async throws {
        let twice = PythonModule("content_twice") {
            PythonConstant("x", 1)
            PythonFunction("x") { () in 1 }
        }
        let error = await #expect(throws: AmaruError.self) { try await Python.register(twice) }
        #expect(error?.code == .invalidModule)
        #expect(error?.message == "The module content_twice has two members named x: rename one.")
        let nameless = await #expect(throws: AmaruError.self) {
            try await Python.register(PythonModule("") {})
        }
        #expect(nameless?.code == .invalidModule)
    }

    @Test("A constant that does not convert is an error that says so, and nothing is registered")
    func refusedConstant() async throws {
        struct Stubborn: ConvertibleToPython, Sendable {
            func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
                throw PythonConversionError(.value, "refused")
            }
        }
        await #expect(throws: PythonConversionError.self) {
            try await Python.register(
                PythonModule("content_stubborn") { PythonConstant("x", Stubborn()) }
            )
        }
        let found = try await runAlone("import sys\n'content_stubborn' in sys.modules")
        #expect(try await PythonActor.run { try Bool(found) } == false)
    }
}
