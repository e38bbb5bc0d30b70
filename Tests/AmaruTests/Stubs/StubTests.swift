// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

@Suite("Stubs of modules made in Swift")
struct StubTests {
    @Test("A stub has the module's docstring, imports, and every member with its types")
    func whole() {
        #expect(
            StubFixture.module.stub == #"""
                """A shop."""

                import asyncio
                import typing

                version: typing.Final[str]
                limits: typing.Final[dict[str, int]]

                def price(item: str, /, *, currency: str = 'EUR', round: bool = True) -> float:
                    """The price of an item.

                    Taxes are "in"."""

                def fetch(url: str, timeout: float | None = None) -> asyncio.Future[bytes]: ...
                def log(*parts: str, **fields: int) -> None: ...
                def sum(arg1: list[int] | tuple[int, ...], arg2: int | None, /) -> int: ...
                def wait(seconds: float = 0.5) -> None: ...
                def place(point: tuple[float, float]) -> list[tuple[float, float]]: ...
                def any(x: typing.Any) -> typing.Any: ...

                class SoldOut(Exception):
                    """Nothing is left."""
                    @property
                    def item(self) -> typing.Any: ...

                """#
        )
    }

    @Test(
        "mypy --strict takes a use that is right and refuses one that is wrong",
        .enabled(if: MyPy.found != nil, "mypy is not installed: make test-python installs it"),
        .serialized,
        arguments: [
            ("reveal: float = shop.price('x', currency='USD')", nil),
            ("reveal: float = shop.price('x', 'USD')", "Too many positional arguments"),
            ("reveal: str = shop.price('x')", "Incompatible types in assignment"),
            ("shop.price(item='x')", "Unexpected keyword argument"),
            ("shop.price(1)", "incompatible type \"int\"; expected \"str\""),
            ("async def f() -> bytes: return await shop.fetch('u', timeout=2)", nil),
            ("async def f() -> str: return await shop.fetch('u')", "Incompatible return value"),
            ("def f() -> bytes: return shop.fetch('u')", "Incompatible return value"),
            ("shop.log('a', 'b', c=1)", nil),
            ("shop.log('a', c='x')", "incompatible type \"str\"; expected \"int\""),
            ("total: int = shop.sum([1], None) + shop.sum((1, 2), 3)", nil),
            ("shop.sum(['x'], None)", "List item 0 has incompatible type"),
            ("shop.sum()", "Too few arguments"),
            ("name: str = shop.version", nil),
            ("shop.version = 'x'", "Cannot assign to final name"),
            ("limit: int = shop.limits['x']", nil),
            ("raise shop.SoldOut('x')", nil),
            ("shop.missing()", "Module has no attribute \"missing\""),
            ("shop.wait(); shop.place((1.0, 2.0))[0][1].is_integer()", nil),
            ("shop.place((1.0,))", "expected \"tuple[float, float]\""),
        ] as [(String, String?)]
    )
    func checked(use: String, complaint: String?) async throws {
        let mypy = try #require(MyPy.found)
        let outcome = try mypy.check("import shop\n\(use)\n", against: ["shop": StubFixture.module])
        if let complaint {
            #expect(!outcome.succeeded)
            #expect(outcome.output.contains(complaint), "\(outcome.output)")
            #expect(!outcome.output.contains("shop.pyi"), "\(outcome.output)")
        } else {
            #expect(outcome.succeeded, "\(outcome.output)")
        }
    }

    @Test("A docstring with quotes, backslashes and lines of its own is still one")
    func docstring() {
        let module = PythonModule("m", documentation: #"Ends with a quote""# + "\n\\n \"\"\" \0 \"")
        {}
        #expect(
            module.stub == #"""
                """Ends with a quote"
                \\n \"\"\" \x00 \""""

                """#
        )
    }

    @Test("An empty module has an empty stub, and the module's own name is left out of hints")
    func names() {
        struct Own: ConvertibleToPython, PythonTypeHinted {
            static var pythonTypeHint: String { "own_module.Point | other.own_module.Point" }
            func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
                try 1.pythonReference(gil)
            }
        }
        #expect(PythonModule("m") {}.stub.isEmpty)
        let module = PythonModule("own_module") { PythonFunction("f") { () in Own() } }
        #expect(
            module.stub == """
                import other.own_module

                def f() -> Point | other.own_module.Point: ...

                """
        )
    }

    @Test(
        "A default is written as the literal that it is, and as dots where it is none",
        arguments: [
            (#"def f(x: str = 'a\'b\n\\é\x01') -> None: ..."#, ("a'b\n\\é\u{1}" as any Defaulted)),
            ("def f(x: int = -3) -> None: ...", -3),
            ("def f(x: bool = False) -> None: ...", false),
            ("def f(x: float = 1e+100) -> None: ...", 1e100),
            ("def f(x: float = ...) -> None: ...", Double.nan),
            ("def f(x: int | None = None) -> None: ...", Int?.none),
            ("def f(x: int | None = 3) -> None: ...", Int?.some(3)),
            ("def f(x: list[int] | tuple[int, ...] = ...) -> None: ...", [1]),
        ] as [(String, any Defaulted)]
    )
    func defaults(line: String, value: any Defaulted) {
        #expect(value.module.stub == line + "\n")
    }
}

/// A value that is the default of a parameter.
protocol Defaulted: PythonConvertible, Sendable {}

extension Defaulted {
    var module: PythonModule {
        PythonModule("m") { PythonFunction("f", .positional("x", default: self)) { (_: Self) in } }
    }
}

extension String: Defaulted {}
extension Int: Defaulted {}
extension Bool: Defaulted {}
extension Double: Defaulted {}
extension Int?: Defaulted {}
extension [Int]: Defaulted {}
